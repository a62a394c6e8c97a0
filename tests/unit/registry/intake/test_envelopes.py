"""What files wrap around a credential is taken off, and its signature is judged by what the file holds."""

import base64
import datetime as dt
import json
from importlib import resources

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from registry.intake.files import open_intake
from registry.intake.formats.document import Document
from registry.intake.formats.documents import read_document
from registry.intake.formats.envelopes import MAX_CREDENTIALS
from registry.intake.rows.report import IntakeError
from tests.support.catalogues import Everything

SAMPLES = resources.files("registry.intake").joinpath("samples")
KEY = ec.generate_private_key(ec.SECP256R1())
JWK = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
VALID = "valid by the key in the file"


def badge(**more):
    return json.loads(SAMPLES.joinpath("openbadge.json").read_text()) | more


def elm(**more):
    return json.loads(SAMPLES.joinpath("microcredential.jsonld").read_text()) | more


def read(value, name="file"):
    return read_document((value if isinstance(value, str) else json.dumps(value)).encode(), name)


def token(claims, **header):
    return jwt.encode(claims, KEY, algorithm="ES256", headers=header)


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def notes(document):
    return " | ".join(document.notes)


def test_a_signed_token_is_read_by_its_claim_and_its_signature_is_checked_by_its_own_key():
    for claims in ({"vc": badge(), "iss": "did:x:1"}, badge()):
        document = read(token(claims, jwk=JWK))
        assert [award.title for award in document.awards] == ["Soil in the city"]
        assert VALID in notes(document)
        assert "not vouched for" in notes(document)
        assert document.signed


def test_a_signature_without_a_key_is_unverified_and_a_wrong_one_is_refused():
    assert "unverified: the file holds no key" in notes(read(token({"vc": badge()})))
    other = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
    with pytest.raises(IntakeError, match="signature is wrong"):
        read(token({"vc": badge()}, jwk=other))
    head, _, signature = token({"vc": badge()}, jwk=JWK).split(".")
    with pytest.raises(IntakeError, match="signature is wrong"):
        read(f"{head}.{b64(json.dumps({'vc': badge(name='changed')}).encode())}.{signature}")
    with pytest.raises(IntakeError, match="signature is wrong"):
        read(token({"vc": badge()}, jwk=JWK).rsplit(".", 1)[0] + "." + b64(b"x" * 64))
    rsa_key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
    assert "unverified: the key in the file cannot be read" in notes(read(token({"vc": badge()}, jwk=rsa_key)))


def test_a_shared_secret_and_no_algorithm_prove_nothing():
    secret = jwt.encode({"vc": badge()}, "s" * 40, algorithm="HS256", headers={"jwk": {"kty": "oct", "k": "cw"}})
    assert "unverified" in notes(read(secret))
    plain = f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps({'vc': badge()}).encode())}."
    assert "there is no signature" in notes(read(plain))
    assert "cannot be read" in notes(read(token({"vc": badge()}, jwk={"kty": "EC"})))


def certificate():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A university")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(5).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    return base64.b64encode(made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("flattened", [True, False])
def test_a_jades_signature_is_checked_by_its_certificate_whatever_form_its_payload_has(plain, flattened):
    content = json.dumps(elm())
    header = b64(json.dumps({"alg": "ES256", "x5c": [certificate()]} | ({"b64": False} if plain else {})).encode())
    payload = content if plain else b64(content.encode())
    raw = jwt.algorithms.get_default_algorithms()["ES256"].sign(f"{header}.{payload}".encode(), KEY)
    signature = {"protected": header, "signature": b64(raw)}
    made = {"payload": payload} | (signature if flattened else {"signatures": [signature]})
    document = read(made)
    assert document.FORMAT == "European Learning Model"
    assert VALID in notes(document)
    made["payload"] = payload.replace("Okafor", "Okafo") if plain else b64(content.replace("Okafor", "X").encode())
    with pytest.raises(IntakeError, match="signature is wrong"):
        read(made)


def test_a_presentation_is_all_of_its_credentials_tokens_among_them():
    enveloped = {
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token(badge(id='urn:3'), jwk=JWK)}",
    }
    made = {
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [badge(id="urn:1"), token({"vc": elm()}, jwk=JWK), enveloped],
        "proof": {"type": "x"},
    }
    document = read(made)
    assert [award.credential["record"] for award in document.awards] == ["urn:1", elm()["id"], "urn:3"]
    assert [award.number for award in document.awards] == [1, 2, 3]
    assert document.FORMAT == "Open Badges 3.0, European Learning Model"
    assert "$: the proof of the whole was not checked (unverified)" in notes(document)
    wrapped = read(token({"vp": made}, jwk=JWK))
    assert len(wrapped.awards) == 3
    assert len(wrapped.external()) == 3


def test_one_credential_of_a_presentation_that_cannot_be_read_does_not_sink_the_others():
    made = {"type": "VerifiablePresentation", "verifiableCredential": [badge(), {"type": "Other", "x": 1}]}
    [good, bad] = read(made).awards
    assert (good.refusals, bad.path) == ([], "$.verifiableCredential[1]")
    assert "of no known format" in bad.refusals[0].detail


def test_an_upload_of_a_digital_credential_is_read_and_what_stands_beside_it_is_said():
    document = read({"credential": elm(), "deliveryDetails": {"deliveryAddress": ["a@b.example"]}})
    assert len(document.awards) == 1
    assert "deliveryDetails beside the credential was not read" in notes(document)
    assert "a@b.example" not in notes(document)
    assert len(read({"credential": [elm(), elm(id="urn:2")]}).awards) == 2


def test_the_times_of_a_token_are_the_credential_s():
    plain = badge()
    for name in ("validFrom", "awardedDate", "validUntil"):
        plain.pop(name, None)
    start = int(dt.datetime(2026, 5, 4, tzinfo=dt.UTC).timestamp())
    end = int(dt.datetime(2030, 5, 4, 23, 59, 59, tzinfo=dt.UTC).timestamp())
    [award] = read(token({"vc": plain, "nbf": start, "exp": end})).awards
    assert (award.credential["awarding_date"], award.credential["valid_until"]) == ("2026-05-04", "2030-05-04")
    [award] = read(token({"vc": plain, "nbf": start, "exp": end - 7200})).awards
    assert {one.asks for one in award.problems} == {"credential.valid_until"}
    [award] = read(token({"vc": plain | {"validUntil": "2029-01-01"}, "nbf": start, "exp": end})).awards
    assert {one.asks for one in award.problems} == {"credential.valid_until"}


@pytest.mark.parametrize(
    "value",
    [
        "eyJhbGciOiJFUzI1NiJ9.!!!.AA",
        "eyJ",
        "eyJhbGciOiJFUzI1NiJ9.eyJ4IjoxfQ.AA",
        "eyJhbGciOiJFUzI1NiJ9.eyJ4IjoxfQ.AA~WyJ4Il0~",
        {"payload": 5, "signatures": []},
        {"payload": "x", "signatures": "y"},
        {"payload": "{", "signatures": [{"protected": "e30"}]},
        {"signatures": [{"protected": "e30"}]},
        {"type": "VerifiablePresentation"},
        {"type": "VerifiablePresentation", "verifiableCredential": []},
        {"type": "VerifiablePresentation", "verifiableCredential": [5]},
        {"credential": None},
        {"vc": 5},
    ],
)
def test_an_envelope_without_a_credential_is_an_error_of_ours(value):
    with pytest.raises(IntakeError):
        read(value)


def test_envelopes_have_bounds():
    made = badge()
    for _ in range(9):
        made = {"type": "VerifiablePresentation", "verifiableCredential": [made]}
    with pytest.raises(IntakeError, match="wrapped more than"):
        read(made)
    small = {"type": "OpenBadgeCredential", "credentialSubject": {"achievement": {"name": "x"}}}
    with pytest.raises(IntakeError, match=f"more than {MAX_CREDENTIALS} credentials"):
        read({"type": "VerifiablePresentation", "verifiableCredential": [small] * (MAX_CREDENTIALS + 1)})


def test_a_file_with_a_token_is_a_document_whatever_it_is_called(tmp_path):
    for called in ("badge.jwt", "badge.json", "badge.csv"):
        file = tmp_path / called
        file.write_text(token({"vc": badge()}, jwk=JWK) + "\n")
        assert isinstance(open_intake(file, Everything()), Document)


@pytest.mark.parametrize("stated", [{"revoked": True}, {"credentialStatus": {"status": "suspended"}}])
def test_what_is_revoked_around_a_credential_is_revoked_inside_of_it(stated):
    record = {"type": "ClrCredential", "credentialSubject": {"verifiableCredential": [badge()]}}
    for made in (
        {"type": "VerifiablePresentation", "verifiableCredential": [badge()]} | stated,
        {"credential": badge()} | stated,
        record | stated,
        token({"vc": badge()} | stated),
    ):
        [award] = read(made).awards
        assert award.refusals


def test_what_a_record_states_beside_its_credentials_is_said_and_its_end_asked_about():
    inner = badge()
    inner.pop("validUntil", None)
    record = {"type": "ClrCredential", "name": "All of it", "credentialSubject": {"verifiableCredential": [inner]}}
    assert "name beside the credential was not read" in notes(read(record))
    [award] = read(record | {"validUntil": "2031-01-01"}).awards
    assert [one.asks for one in award.problems] == ["credential.valid_until"]
    inner["validUntil"] = "2030-01-01"
    [award] = read(record | {"validUntil": "2031-01-01"}).awards
    assert award.problems == []
