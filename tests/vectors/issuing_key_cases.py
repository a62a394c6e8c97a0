"""Cases of `folds.json` about keys that sign documents."""

import base64
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from registry.wire.governance import Head, MemberRangeVoided, MemberSuspended
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded, PublicJwk
from tests.vectors.fold_case import Fold
from tests.vectors.writer import secret


def _private(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret(name))


def _announced(name: str) -> IssuingKeyAnnounced:
    x = base64.urlsafe_b64encode(_private(name).public_key().public_bytes_raw()).rstrip(b"=").decode()
    jwk = PublicJwk("OKP", "Ed25519", x)
    return IssuingKeyAnnounced(jwk.thumbprint, jwk, ["open"])


def _certificate(name: str) -> str:
    """A certificate for a key, signed by itself; the same bytes each time."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    private = _private(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(private, None)
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def announced_and_ended() -> Fold:
    fold = Fold("issuing-keys", "keys are announced once and end once; what they hold is what they are called")
    zeeland = fold.members["zeeland"]
    first, second, third = (_announced(f"issuing {name}") for name in ("first", "second", "third"))
    wrong_name = msgspec.structs.replace(third, key=first.key)
    two_coordinates = msgspec.structs.replace(third, jwk=msgspec.structs.replace(third.jwk, y=third.jwk.x))
    with_chain = msgspec.structs.replace(second, x5c=[_certificate("issuing second")])
    other_chain = msgspec.structs.replace(third, x5c=[_certificate("issuing second")])
    no_chain = msgspec.structs.replace(third, x5c=[base64.b64encode(b"0" * 40).decode()])
    announce, end = "issuing.key.announced.v1", "issuing.key.ended.v1"
    private = zeeland.line(announce, third.key, third).replace(b'"kty"', b'"d":"AA","kty"')
    zeeland.seal(
        zeeland.line(announce, first.key, first),
        zeeland.line(announce, first.key, first),
        zeeland.line(announce, second.key, with_chain),
        zeeland.line(announce, first.key, wrong_name),
        zeeland.line(announce, third.key, two_coordinates),
        zeeland.line(announce, third.key, other_chain),
        zeeland.line(announce, third.key, no_chain),
        private,
        zeeland.line(end, third.key, IssuingKeyEnded(third.key, "lost")),
        zeeland.line(end, first.key, IssuingKeyEnded(first.key, "rotated")),
    )
    zeeland.seal(
        zeeland.line(end, first.key, IssuingKeyEnded(first.key, "compromised")),
        zeeland.line(announce, first.key, first),
    )
    fold.refused["zeeland"] = [
        [1, "duplicate"],
        *[[leaf, "schema"] for leaf in range(3, 8)],
        [8, "unknown-key"],
        [10, "illegal-transition"],
        [11, "duplicate"],
    ]
    fold.expected["issuingKeys"] = {f"zeeland/{first.key}": "rotated", f"zeeland/{second.key}": "inForce"}
    return fold


def voided_and_suspended() -> Fold:
    fold = Fold("issuing-keys-voided", "a voided announcement is none; a suspended member ends keys and announces none")
    zeeland = fold.members["zeeland"]
    first, second = (_announced(f"issuing {name}") for name in ("first", "second"))
    announce, end = "issuing.key.announced.v1", "issuing.key.ended.v1"
    zeeland.seal(zeeland.line(announce, first.key, first))
    head = Head(**zeeland.head)
    fold.governance.seal(
        fold.governance.line(
            "member.range.voided.v1", "zeeland", MemberRangeVoided("zeeland", 0, 1, head, "publishedByMistake")
        )
    )
    zeeland.seal(zeeland.line(announce, first.key, first))
    head = Head(**zeeland.head)
    fold.governance.seal(
        fold.governance.line("member.suspended.v1", "zeeland", MemberSuspended("zeeland", head, "administrative"))
    )
    zeeland.seal(
        zeeland.line(announce, second.key, second),
        zeeland.line(end, first.key, IssuingKeyEnded(first.key, "compromised")),
    )
    fold.refused["zeeland"] = [[0, "voided"], [2, "member-suspended"]]
    fold.standing["zeeland"] = "suspended"
    fold.expected["issuingKeys"] = {f"zeeland/{first.key}": "compromised"}
    return fold


ISSUING_KEYS = (announced_and_ended, voided_and_suspended)
