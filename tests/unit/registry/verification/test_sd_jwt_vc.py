import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from registry.documents.did_document import DocumentKey as ListedKey
from registry.documents.did_resolver import FetchFailed
from registry.documents.issuer_metadata import build_metadata
from registry.documents.jose import dump_json, sign_jws
from registry.documents.key_binding import bind_key
from registry.documents.sd_jwt import Disclosable, issue_sd_jwt, present
from registry.verification.checks import StatusPlace
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.ports import HolderRequest, ResolvedKey, UnresolvedKey
from registry.verification.sd_jwt_vc import open_sd_jwt_vc
from tests.support.document_keys import DocumentKey
from tests.support.portable import CREDENTIAL, credential
from tests.unit.registry.export.test_sd_jwt_vc import LIST, export

AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
OPEN, EUDI, HOLDER = DocumentKey("open"), DocumentKey("eudi", certificates=True), DocumentKey("eudi")
REQUEST = HolderRequest(nonce="n1", audience="https://employer.example")


def find_did_key(method):
    if method != OPEN.verification_method:
        return UnresolvedKey("no such key")
    return ResolvedKey(OPEN.jwk, "did:web")


def refuse_fetch(url):
    raise FetchFailed(f"{url} does not answer")


def keys(**changes):
    values = {
        "at": AT,
        "anchors": x509.load_pem_x509_certificates(EUDI.anchor),
        "fetch": refuse_fetch,
        "find_did_key": find_did_key,
    }
    return IssuerKeys(**(values | changes))


def open_text(text, resolver=None, **values):
    return open_sd_jwt_vc(text.encode() if isinstance(text, str) else text, resolver or keys(), at=AT, **values)


def results(document):
    return {check.name: check.result for check in document.checks}


def sentence(document, name):
    return next(check.sentence for check in document.checks if check.name == name)


def sign(claims, signer=OPEN, **header):
    base = {"iss": OPEN.issuer, "vct": "urn:example:other"}
    return (
        sign_jws({"typ": "dc+sd-jwt", "kid": signer.verification_method, **header}, dump_json(base | claims), signer)
        + "~"
    )


TEXT = export(signer=OPEN, holder=HOLDER.jwk).content.decode()


def test_a_credential_of_ours_opens_with_what_it_says():
    document = open_text(TEXT)
    assert results(document) == {"parsed": "passed", "schema": "passed", "signature": "passed", "holder": "notChecked"}
    assert document.issuer == "did:web:registry.twente.example"
    assert (document.key, document.key_source) == (OPEN.jwk, "did:web")
    assert document.claims["familyName"] == "Żółkiewska-Núñez"
    assert document.claims["title"]["en"] == "Data literacy"
    assert document.claims["validUntil"] == "2031-06-05T23:59:59Z"
    assert document.status == [StatusPlace(type="TokenStatusList", list=f"{LIST}/token", index=7, purpose="status")]
    assert document.tie["credential"] == CREDENTIAL
    assert len(document.tie["disclosures"]) == len(credential().claims)


def test_a_presentation_says_only_what_the_holder_discloses():
    document = open_text(present(TEXT, {"family_name"}))
    assert document.claims["familyName"] == "Żółkiewska-Núñez"
    assert "givenName" not in document.claims
    assert document.tie is None


def test_a_chain_of_certificates_leads_to_the_issuer():
    document = open_text(export(signer=EUDI).content)
    assert results(document)["signature"] == "passed"
    assert (document.issuer, document.key_source) == ("https://registry.twente.example", "x5c")


@pytest.mark.parametrize(
    ("signer", "changes", "result", "reason"),
    [
        (EUDI, {"anchors": ()}, "notChecked", "no trust anchors"),
        (DocumentKey("eudi", certificates=True), {}, "notChecked", "does not lead to a trust anchor"),
        (EUDI, {"at": AT + timedelta(days=900)}, "notChecked", "does not lead to a trust anchor"),
        (EUDI, {"at": AT - timedelta(days=900)}, "notChecked", "does not lead to a trust anchor"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_passes_nothing(signer, changes, result, reason):
    document = open_text(export(signer=signer).content, keys(**changes))
    assert results(document)["signature"] == result
    assert reason in sentence(document, "signature")
    assert document.claims == {}
    assert document.key is None


def test_where_nobody_vouches_for_the_chain_the_metadata_at_the_issuers_address_has_the_key():
    address = "https://registry.twente.example/.well-known/jwt-vc-issuer"
    listed = [ListedKey(key.thumbprint, key.jwk, key.x5c) for key in (HOLDER, EUDI)]
    metadata = {address: dump_json(build_metadata("https://registry.twente.example", listed))}
    text = export(signer=EUDI).content
    document = open_text(text, keys(anchors=(), fetch=metadata.__getitem__))
    assert (document.key, document.key_source) == (EUDI.jwk, "jwks")
    metadata[address] = dump_json(build_metadata("https://registry.twente.example", listed[:1]))
    without = open_text(text, keys(anchors=(), fetch=metadata.__getitem__))
    assert results(without)["signature"] == "notChecked"
    assert "no trust anchors" in sentence(without, "signature")


def test_a_certificate_of_somebody_else_is_refused():
    other = DocumentKey("eudi", certificates=True, host="registry.evil.example")
    anchors = x509.load_pem_x509_certificates(other.anchor)
    document = open_text(export(signer=other).content, keys(anchors=anchors))
    assert results(document)["signature"] == "failed"
    assert "names somebody else" in sentence(document, "signature")


def test_the_keys_at_an_issuers_address_verify_its_credentials():
    signer = DocumentKey("eudi")
    address = "https://issuer.example/tenant/1"
    text = sign({"iss": address}, signer, kid="k1")
    metadata = {"issuer": address, "jwks": {"keys": [{"kid": "k0", **HOLDER.jwk}, {"kid": "k1", **signer.jwk}]}}
    fetched = []

    def fetch(url):
        fetched.append(url)
        return json.dumps(metadata).encode()

    document = open_text(text, keys(fetch=fetch))
    assert results(document)["signature"] == "passed"
    assert document.key_source == "jwks"
    assert fetched == ["https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"]
    metadata["issuer"] = "https://issuer.example"
    assert results(open_text(text, keys(fetch=fetch)))["signature"] == "failed"
    document = open_text(text)
    assert results(document)["signature"] == "notChecked"
    assert "does not answer" in sentence(document, "signature")


def test_no_bit_of_a_credential_can_be_changed():
    for place in range(0, len(TEXT), 11):
        for bit in (1, 16):
            changed = TEXT[:place] + chr(ord(TEXT[place]) ^ bit) + TEXT[place + 1 :]
            document = open_text(changed)
            assert "failed" in results(document).values() or results(document)["signature"] == "notChecked", place
            assert document.claims == {}, place


@pytest.mark.parametrize(
    ("text", "check", "reason"),
    [
        (sign({}, alg="none"), "signature", "the algorithm none is not accepted"),
        (sign({}, alg="HS256"), "signature", "the algorithm HS256 is not accepted"),
        (sign({}, DocumentKey("open"), kid=OPEN.verification_method), "signature", "another key signed it"),
        (sign({}, kid="did:web:evil.example#k"), "signature", "not one of its issuer"),
        (sign({}, kid=None), "signature", "does not say which of the issuer's keys"),
        (sign({"iss": None}), "signature", "does not name its issuer"),
        (sign({"iss": "urn:x"}), "signature", "neither a DID nor an https address"),
        (sign({}, x5c="x"), "signature", "in a wrong form"),
        (sign({}, typ="JWT"), "schema", "not typed as a verifiable credential"),
        (sign({"vct": None}), "schema", "of which type"),
        (sign({"exp": "soon"}), "schema", "exp is not a number"),
        (sign({"exp": 10**15}), "schema", "exp is not a number"),
        (sign({"status": {"status_list": {"idx": -1, "uri": LIST}}}), "schema", "place in the status list"),
        (sign({"status": "ok"}), "schema", "place in the status list"),
        (sign({"cnf": "me"}), "schema", "holder's key has a wrong form"),
        (sign({"aka_vcts": ["urn:credential-registry:degree:1"]}), "schema", "does not have the form of its type"),
        ("hello", "parsed", "no tilde"),
        ("é~", "parsed", "foreign characters"),
    ],
)
def test_what_is_wrong_is_said(text, check, reason):
    document = open_text(text)
    assert results(document)[check] == "failed"
    assert reason in sentence(document, check)
    assert document.claims == {}


def test_a_disclosure_of_another_credential_is_refused():
    other = export(signer=OPEN).content.decode().split("~")[1]
    document = open_text(TEXT + other + "~")
    assert results(document) == {"parsed": "passed", "signature": "failed"}
    assert "do not belong to this SD-JWT" in sentence(document, "signature")


@pytest.mark.parametrize("name", ["status", "exp", "cnf"])
def test_claims_that_must_be_open_are_not_taken_from_disclosures(name):
    claims = {"iss": OPEN.issuer, "vct": "urn:x", name: Disclosable({} if name != "exp" else 1)}
    text = issue_sd_jwt(claims, OPEN, {"typ": "dc+sd-jwt", "kid": OPEN.verification_method})
    assert "must be open" in sentence(open_text(text), "schema")


def test_the_holder_shows_the_key_to_the_verifier_that_asked():
    text = bind_key(TEXT, HOLDER, nonce="n1", audience="https://employer.example", at=AT)
    assert results(open_text(text, request=REQUEST))["holder"] == "passed"
    assert results(open_text(text))["holder"] == "warning"
    assert results(open_text(TEXT, request=REQUEST))["holder"] == "failed"
    stolen = bind_key(TEXT, DocumentKey("eudi"), nonce="n1", audience="https://employer.example", at=AT)
    document = open_text(stolen, request=REQUEST)
    assert results(document)["holder"] == "failed"
    assert document.claims == {}


def test_a_status_mechanism_that_is_not_known_is_named():
    assert open_text(sign({"status": {"oracle": {}}})).status == [StatusPlace(type="oracle")]


def test_a_type_of_others_is_shown_as_it_is():
    document = open_text(sign({"degree": "MSc"}))
    assert document.claims == {"degree": "MSc", "type": "urn:example:other"}
