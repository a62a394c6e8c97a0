"""What is asked of an ID token, whatever a provider sends."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from registry.accounts.errors import AccountError, ProviderFault
from registry.accounts.identity_provider import IdentityProvider, open_provider
from registry.accounts.provider_http import ProviderAnswer
from registry.accounts.provider_state import Attempt
from registry.settings.sign_in import OpenIdSetting

ISSUER = "https://login.example"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ATTEMPT = Attempt("secret", "state")
DESCRIPTION = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
}


def public(key):
    return json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"kid": "one", "use": "sig", "alg": "ES256"}


class Answers:
    """What a provider answers, by the end of the address."""

    def __init__(self, **answers):
        self.answers = {"openid-configuration": DESCRIPTION, "keys": {"keys": [public(KEY)]}, **answers}

    def get(self, url, token=None):
        del token
        content = self.answers[url.rpartition("/")[2]]
        return content if isinstance(content, ProviderAnswer) else ProviderAnswer(200, json.dumps(content).encode())

    def post(self, url, data, headers, auth):
        del headers, auth
        assert data["code_verifier"] == ATTEMPT.verifier
        return self.get(url)


def provider(answers, **setting):
    made = IdentityProvider(OpenIdSetting(issuer=ISSUER, client_id="registry", **setting), "secret")
    made._http = answers  # noqa: SLF001 - the network of a test
    return made


def token(key=KEY, algorithm="ES256", without=(), **changes):
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "ada", "aud": "registry", "iat": now, "exp": now + 60, "nonce": ATTEMPT.nonce}
    claims = {name: value for name, value in (claims | changes).items() if name not in without}
    return {
        "id_token": jwt.encode(claims, key, algorithm, headers={"kid": "one"}),
        "access_token": "a",
        "token_type": "Bearer",
    }


def identify(answers, answer=None, **setting):
    return provider(answers, **setting).identify(ATTEMPT, answer or {"code": "c"}, "https://node.example/answer")


def test_a_valid_token_names_its_person():
    person = identify(Answers(token=token()))
    assert (person.issuer, person.subject, person.name, person.roles) == (ISSUER, "ada", "", [])


WRONG = {
    "issuer": token(iss="https://other.example"),
    "audience": token(aud="another client"),
    "several audiences, for another": token(aud=["registry", "other"], azp="other"),
    "several audiences, for nobody": token(aud=["registry", "other"]),
    "expired": token(exp=int(time.time()) - 300),
    "not yet": token(nbf=int(time.time()) + 3000),
    "nonce": token(nonce="x"),
    "no nonce": token(without=["nonce"]),
    "no expiry": token(without=["exp"]),
    "no subject": token(without=["sub"]),
    "empty subject": token(sub=""),
    "subject of control characters": token(sub="a\nb"),
    "another key": token(key=OTHER),
    "no signature": token(key=None, algorithm="none"),
    "signed with the client's secret": token(key="secret" * 10, algorithm="HS256"),
    "another access token": token(at_hash="x" * 22),
    "no ID token": {"access_token": "a", "token_type": "Bearer"},
    "no text": {"id_token": 7},
    "no token": {"error": "invalid_grant"},
    "a list": [],
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_token_that_is_not_for_this_attempt_is_refused(answer):
    with pytest.raises(ProviderFault) as fault:
        identify(Answers(token=answer))
    assert fault.value.code == "provider-error"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "access_denied"}, "refused"),
        ({"error": "server_error"}, "provider-error"),
        ({"code": "c", "iss": "https://other.example"}, "provider-error"),
        ({}, "provider-error"),
    ],
)
def test_an_answer_without_a_code_is_refused(answer, code):
    with pytest.raises(ProviderFault) as fault:
        identify(Answers(token=token()), answer or {"state": "x"})
    assert fault.value.code == code


@pytest.mark.parametrize(
    "description",
    [
        DESCRIPTION | {"issuer": "https://other.example"},
        DESCRIPTION | {"token_endpoint": "http://login.example/token"},
        DESCRIPTION | {"jwks_uri": "file:///etc/passwd"},
        {},
        ProviderAnswer(500, b"{}"),
        ProviderAnswer(200, b"<html>"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_asked(description):
    with pytest.raises(ProviderFault):
        identify(Answers(token=token(), **{"openid-configuration": description}))


def test_the_providers_new_key_is_fetched_when_a_token_has_it():
    answers = Answers(token=token())
    made = provider(answers)
    made.identify(ATTEMPT, {"code": "c"}, "x")
    answers.answers["keys"] = {"keys": [public(OTHER) | {"kid": "two"}]}
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "bo", "aud": "registry", "iat": now, "exp": now + 60, "nonce": ATTEMPT.nonce}
    answers.answers["token"] = {"id_token": jwt.encode(claims, OTHER, "ES256", headers={"kid": "two"})}
    assert made.identify(ATTEMPT, {"code": "c"}, "x").subject == "bo"


MAPPED = {"roles_claim": "groups", "roles": {"a": ["clerk"], "b": ["auditor", "clerk"]}}


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["a"], ["clerk"]),
        (["a", "b", 7, None], ["auditor", "clerk"]),
        ("b", ["auditor", "clerk"]),
        ({"a": 1}, []),
        ([], []),
    ],
)
def test_the_values_of_a_claim_give_roles(groups, roles):
    person = identify(Answers(token=token(name="Ada", groups=groups)), **MAPPED)
    assert (person.name, person.roles) == ("Ada", roles)


def test_claims_that_the_token_lacks_are_read_at_userinfo_of_the_same_person_alone():
    answers = Answers(token=token(), userinfo={"sub": "ada", "name": "Ada", "groups": ["a"]})
    assert identify(answers, **MAPPED).roles == ["clerk"]
    answers.answers["userinfo"]["sub"] = "eve"
    with pytest.raises(ProviderFault):
        identify(answers, **MAPPED)


def test_a_person_may_be_named_by_another_claim():
    assert identify(Answers(token=token(eppn="ada@example.org")), person_claim="eppn").subject == "ada@example.org"


@pytest.mark.parametrize("issuer", ["http://login.example", "login.example", "https://x.example/?a", "file:///x"])
def test_a_provider_has_an_address_of_https(issuer):
    with pytest.raises(ValueError, match="https"):
        OpenIdSetting(issuer=issuer, client_id="registry")


def test_the_secret_is_read_from_the_nodes_folder(tmp_path):
    setting = OpenIdSetting(issuer=ISSUER, client_id="registry", client_secret_file="secret")  # noqa: S106 - the name of a file
    with pytest.raises(AccountError, match="client_secret_file"):
        open_provider(setting, tmp_path, None)
    (tmp_path / "secret").write_text("x\n")
    assert open_provider(setting, tmp_path, None)._secret == "x"  # noqa: SLF001, S105
    assert open_provider(None, tmp_path, None) is None
