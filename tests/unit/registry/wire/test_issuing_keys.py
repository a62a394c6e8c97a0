"""Events about keys that sign documents: the key is what it is called, and its certificate holds it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from registry.keys.issuing_keys import public_jwk
from registry.wire.certificates import public_key_info
from registry.wire.errors import InvalidEvent
from registry.wire.events import Event, Reader, encode
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded, PublicJwk, expected_key_info

ORIGIN = "eciu.example/twente"
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256 = ec.derive_private_key(7**80, ec.SECP256R1())


def certificate(private, subject="University of Twente"):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime(2026, 5, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .sign(private, None if private is ED25519 else hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def text(der):
    return base64.b64encode(der).decode()


def line(private=ED25519, *, change=lambda _: None, **changes):
    """An announcement's line, with its data changed."""
    jwk = public_jwk(private)
    values = {"key": jwk.thumbprint, "jwk": jwk.members, "profiles": ["open"]} | changes
    change(values)
    event = Event(
        "1.0", "1", ORIGIN, "issuing.key.announced.v1", values["key"], "2026-05-04T10:11:12Z", values
    )  # the data as plain JSON
    return encode(event)


def refusal(text):
    with pytest.raises(InvalidEvent) as caught:
        Reader(ORIGIN).decode_one(text)
    return caught.value.code, caught.value.path


def test_the_thumbprint_is_that_of_rfc_8037():
    jwk = PublicJwk("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert jwk.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037, appendix A.3


@pytest.mark.parametrize("private", [ED25519, P256])
def test_a_key_with_its_certificate_is_read_and_written_to_the_same_bytes(private):
    written = line(private, x5c=[text(certificate(private)), text(certificate(P256, "A higher authority"))])
    event = Reader(ORIGIN).decode_one(written)
    assert isinstance(event.data, IssuingKeyAnnounced)
    assert event.data.jwk == public_jwk(private)
    assert json.loads(encode(event)) == json.loads(written)
    assert Reader(ORIGIN).decode_lines([written]) == [event]


def test_unknown_members_of_a_jwk_are_ignored():
    def add(values):
        values["jwk"] = {**values["jwk"], "kid": "a name", "use": "sig", "d": None}

    assert Reader(ORIGIN).decode_one(line(change=add)).data.jwk == public_jwk(ED25519)


def _jwk(**changes):
    return {"jwk": {name: value for name, value in (public_jwk(ED25519).members | changes).items() if value}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"key": public_jwk(P256).thumbprint}, "$.data.key"),
        ({"key": "short"}, "$.data.key"),
        ({"profiles": []}, "$.data.profiles"),
        ({"profiles": ["closed"]}, "$.data.profiles[0]"),
        ({"x5c": []}, "$.data.x5c"),
        ({"x5c": [text(certificate(P256))]}, "$.data.x5c[0]"),
        ({"x5c": [text(certificate(ED25519)), "no base64"]}, "$.data.x5c[1]"),
        ({"x5c": [text(b"\x30\x03\x02\x01\x00")]}, "$.data.x5c[0]"),
        ({"x5c": [text(certificate(ED25519))[:-4]]}, "$.data.x5c[0]"),
        (_jwk(d="AAAA"), "$.data.jwk.d"),
        (_jwk(kty="EC"), "$.data.jwk.crv"),
        (_jwk(crv="P-256"), "$.data.jwk.crv"),
        (_jwk(kty="EC", crv="P-256"), "$.data.jwk.y"),
        (_jwk(y=public_jwk(P256).y), "$.data.jwk.y"),
        (_jwk(x="x" * 42), "$.data.jwk.x"),
        (_jwk(x="x" * 43), "$.data.jwk.x"),  # bits beyond the data: a second text for one key
        (_jwk(kty="RSA"), "$.data.jwk.kty"),
    ],
)
def test_what_is_no_public_key_of_its_name_is_refused_with_its_place(changes, path):
    assert refusal(line(**changes)) == ("schema", path)
    [fast] = Reader(ORIGIN).decode_lines([line(**changes)])
    assert (fast.code, fast.path) == ("schema", path)


def test_the_end_of_a_key_names_it_and_a_reason():
    ended = IssuingKeyEnded(public_jwk(ED25519).thumbprint, "compromised")
    event = Event("1.0", "2", ORIGIN, "issuing.key.ended.v1", ended.key, "2026-05-04T10:11:12Z", ended)
    assert Reader(ORIGIN).decode_one(encode(event)).data == ended
    assert refusal(encode(event).replace(b"compromised", b"tired")) == ("schema", "$.data.reason")


@pytest.mark.parametrize("private", [ED25519, P256])
def test_the_place_of_the_key_in_a_certificate_is_found_without_a_library(private):
    der = certificate(private)
    info = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public_key_info(der) == info == expected_key_info(public_jwk(private))


@given(st.data())
def test_a_damaged_certificate_never_stops_a_reader(data):
    der = bytearray(certificate(ED25519))
    place = data.draw(st.integers(0, len(der) - 1))
    der[place] = data.draw(st.integers(0, 255))
    info = public_key_info(bytes(der[: data.draw(st.integers(0, len(der)))]))
    assert info is None or info in bytes(der)
