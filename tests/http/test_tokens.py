"""Access tokens of an issuer: those that are meant for this node and this member are taken, and no others."""

import base64
import contextlib
import hmac
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.command import until
from tests.support.served import Served, problem
from tests.support.token_issuer import AUDIENCE, Issuer


@pytest.fixture(scope="module")
def issuer():
    with contextlib.closing(Issuer()) as made:
        yield made


@pytest.fixture(scope="module")
def serving(tmp_path_factory, postgres, issuer):
    settings = f'[oauth]\nissuer = "{issuer.url}"\naudience = "{AUDIENCE}"\njwks = "{issuer.url}/jwks"\n'
    with contextlib.closing(Served(tmp_path_factory.mktemp("tokens"), postgres, settings)) as made:
        yield made.start()


def batches(serving, token):
    return serving.bearer(token).get("/v1/batches")


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_a_good_token_is_taken_and_its_client_is_what_the_log_names(serving, issuer, kid):
    assert batches(serving, issuer.token(kid)).status_code == 200
    until(lambda: "client:campus" in {line["caller"] for line in serving.logged("http.answered")})


def test_a_token_that_names_no_key_is_taken_where_its_issuer_has_one_key_alone(tmp_path, postgres, serving, issuer):
    refused = problem(batches(serving, issuer.token(named=False)), 401, "unauthenticated")
    assert "names no key (`kid`), and its issuer publishes 2 keys" in refused["detail"]
    with contextlib.closing(Issuer(only="ec")) as one:
        settings = f'[oauth]\nissuer = "{one.url}"\naudience = "{AUDIENCE}"\njwks = "{one.url}/jwks"\n'
        with contextlib.closing(Served(tmp_path, postgres, settings)) as made:
            made.start()
            assert batches(made, one.token("ec", named=False)).status_code == 200
            problem(batches(made, one.token("ec")), 401, "unauthenticated")  # names a key that is not published
            problem(batches(made, one.token("rsa", named=False)), 401, "unauthenticated")


def test_a_token_may_do_what_its_scopes_say_and_no_more(serving, issuer):
    token = issuer.token(scope="openid learners:read office:admin")
    found = problem(batches(serving, token), 403, "scope-missing")
    assert "batches:read" in found["detail"]
    learner = serving.bearer(token).get("/v1/learners/0bbac7a9-a411-4809-ad9e-534f483b7a03")
    problem(learner, 404, "not-found")


def test_a_token_for_another_member_is_good_for_nothing_here(serving, issuer):
    token = issuer.token(registry_member="lund")
    found = problem(batches(serving, token), 403, "other-member")
    assert "lund" in found["detail"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"exp": int(time.time()) - 300, "iat": int(time.time()) - 900}, "expired"),
        ({"aud": "https://other.example"}, "somebody else"),
        ({"iss": "https://other.example"}, "another issuer"),
        ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}, "not valid yet"),
        ({"exp": int(time.time()) + 10 * 365 * 86400}, "too long"),
        ({"without": ["registry_member"]}, "member for which you act"),
        ({"without": ["exp"]}, "not valid"),
        ({"without": ["aud"]}, "not valid"),
        ({"registry_member": ["twente"]}, "member for which you act"),
        ({"exp": "1999999999"}, "wrong type"),
        ({"iat": "7"}, "wrong type"),
        ({"exp": "soon"}, "not a readable token"),
        ({"exp": [1]}, "not a readable token"),
        ({"scope": None}, "wrong type"),
        ({"scope": 7}, "wrong type"),
        ({"scope": ["batches:read", 7]}, "wrong type"),
        ({"client_id": 7}, "wrong type"),
        ({"client_id": "a\u0000b"}, "printable ASCII"),
        ({"client_id": ""}, "printable ASCII"),
        ({"client_id": "é"}, "printable ASCII"),
        ({"client_id": "c" * 201}, "printable ASCII"),
        ({"without": ["client_id"], "sub": "s" * 201}, "printable ASCII"),
    ],
)
def test_a_token_that_is_not_meant_for_here_or_now_is_refused_and_told_why(serving, issuer, more, says):
    answer = batches(serving, issuer.token(**more))
    assert says in problem(answer, 401, "unauthenticated")["detail"]
    assert "invalid_token" in answer.headers["www-authenticate"]


def _signed_with_hmac(token, key):
    """The same claims, signed with what everybody knows: the library that we use does not let one make that."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa","typ":"JWT"}').rstrip(b"=")
    said = head + b"." + token.split(".")[1].encode()
    return (said + b"." + base64.urlsafe_b64encode(hmac.digest(key, said, "sha256")).rstrip(b"=")).decode()


def test_forged_tokens_are_refused(serving, issuer):
    stranger = rsa.generate_private_key(65537, 2048)
    problem(batches(serving, issuer.token(key=stranger)), 401, "unauthenticated")
    unsigned = jwt.encode(jwt.decode(issuer.token(), options={"verify_signature": False}), None, "none", {"kid": "rsa"})
    problem(batches(serving, unsigned), 401, "unauthenticated")
    public = (
        issuer.signing["rsa"]
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    confused = _signed_with_hmac(issuer.token(), public)
    problem(batches(serving, confused), 401, "unauthenticated")
    problem(batches(serving, "a.b.c"), 401, "unauthenticated")
    problem(batches(serving, "x" * 20_000), 401, "unauthenticated")


def with_payload(issuer, text):
    """A token with a good signature over claims that no library would write."""
    said = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"RS256","kid":"rsa"}', text))
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(said, issuer.signing["rsa"])
    return (said + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize(
    "claims",
    [
        b"[" * 3000 + b"]" * 3000,
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"exp":NaN,"iat":1,"sub":"s","iss":"%(iss)s","aud":"%(aud)s"}',
        b'{"exp":1e400,"iat":1,"sub":"s","iss":"%(iss)s","aud":"%(aud)s"}',
        b'{"exp":' + b"9" * 5000 + b',"iat":1,"sub":"s","iss":"%(iss)s","aud":"%(aud)s"}',
        b'{"exp":4000000000,"iat":3999999999,"sub":"s","iss":"%(iss)s","aud":"%(aud)s"}',
        b'{"exp":%(exp)d,"iat":1,"sub":"s","client_id":"\\ud800","iss":"%(iss)s","aud":"%(aud)s"}',
    ],
)
def test_claims_that_cannot_be_read_are_refused_even_with_a_good_signature(serving, issuer, claims):
    if b"%(iss)s" in claims:
        claims = claims % {b"iss": issuer.url.encode(), b"aud": AUDIENCE.encode(), b"exp": int(time.time()) + 60}
    problem(batches(serving, with_payload(issuer, claims)), 401, "unauthenticated")
    assert not serving.logged("http.failed")


@pytest.mark.parametrize(
    "head",
    [b"[" * 5000, b"{}", b"[]", b"\xff", b'{"alg":"RS256"}', b'{"alg":"RS256","kid":7}', b'{"alg":7,"kid":"rsa"}'],
)
def test_a_header_that_cannot_be_read_is_no_token(serving, head):
    token = base64.urlsafe_b64encode(head).rstrip(b"=").decode() + ".e30.AAAA"
    problem(batches(serving, token), 401, "unauthenticated")
    assert not serving.logged("http.failed")


def test_two_clients_whose_ids_begin_alike_are_two_callers(serving, issuer):
    first, second = (issuer.token(client_id="c" * 150 + end) for end in "ab")
    for token in (first, second):
        assert batches(serving, token).status_code == 200
    names = {f"client:{'c' * 150}{end}" for end in "ab"}
    until(lambda: names <= {line["caller"] for line in serving.logged("http.answered")})


@pytest.fixture
def silent():
    """A server that takes connections and never says anything; gives its URL and what it has taken."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    taken.append(listening.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
    for connection in taken:
        connection.close()


def test_an_issuer_that_does_not_answer_holds_up_nobody(tmp_path, postgres, issuer, silent):
    url, taken = silent
    settings = f'[oauth]\nissuer = "{issuer.url}"\naudience = "{AUDIENCE}"\njwks = "{url}/jwks"\n'
    with contextlib.closing(Served(tmp_path, postgres, settings)) as node:
        node.start()
        token = issuer.token()
        with ThreadPoolExecutor(60) as strangers:
            answers = list(strangers.map(lambda _: batches(node, token), range(60)))
        for answer in answers:
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert node.client("batches:read").get("/v1/batches").status_code == 200
        assert len(taken) < 10  # no request asked the issuer


def test_tokens_go_on_while_their_issuer_is_away(tmp_path, postgres):
    with contextlib.closing(Issuer()) as issuer:
        settings = f'[oauth]\nissuer = "{issuer.url}"\naudience = "{AUDIENCE}"\njwks = "{issuer.url}/jwks"\n'
        with contextlib.closing(Served(tmp_path, postgres, settings)) as node:
            node.start()
            issuer.server.shutdown()
            assert batches(node, issuer.token()).status_code == 200
            issuer.signing["new"] = rsa.generate_private_key(65537, 2048)
            unknown = batches(node, issuer.token("new", algorithm="RS256"))
            assert "kid" in problem(unknown, 401, "unauthenticated")["detail"]
            assert batches(node, issuer.token("ec")).status_code == 200


def test_a_token_is_in_no_log(serving, issuer):
    token = issuer.token()
    batches(serving, token)
    batches(serving, token[:-4] + "AAAA")
    assert token[:-40] not in serving.said
    assert token.rsplit(".", 1)[1] not in serving.said
