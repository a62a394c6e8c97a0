"""Bitstring Status List 1.0 (W3C, 15 May 2025): the lists of VC 2.0 credentials, one a purpose, one bit an entry."""

import gzip
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from registry.documents.jose import dump_json, sign_jws
from registry.export.document import DocumentSigner
from registry.status.statuses import UnusableList, inflate, pack_bits, read_high_first
from registry.status.token_list import TTL_SECONDS, VALIDITY
from registry.wire import base64url

Purpose = Literal["revocation", "suspension"]
PURPOSES: Final[tuple[Purpose, Purpose]] = ("revocation", "suspension")
MIN_ENTRIES: Final = 131_072
"""The fewest entries that a list may have (section 3.2): the group in which a holder hides."""
JWT_MEDIA_TYPE: Final = "application/vc+jwt"
_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
_MULTIBASE_BASE64URL: Final = "u"

SecureCredential = Callable[[Mapping[str, Any], DocumentSigner, datetime], tuple[str, bytes]]
"""Returns the media type and the bytes of a credential of ours, secured with a key."""


def make_bitstring_list(
    places: Iterable[int], size: int, purpose: Purpose, address: str, issuer: str, at: datetime
) -> dict[str, Any]:
    """Return the credential with a list, in which the entries at `places` are set; nobody has signed it yet."""
    packed = gzip.compress(pack_bits(places, size), 9, mtime=0)
    return {
        "@context": [_CONTEXT],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": _format_time(at),
        "validUntil": _format_time(at + VALIDITY),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": _MULTIBASE_BASE64URL + base64url.encode(packed),
            "ttl": TTL_SECONDS * 1000,
        },
    }


def sign_as_jwt(credential: Mapping[str, Any], signer: DocumentSigner, _: datetime) -> tuple[str, bytes]:
    """Return a credential secured as a JWT (Securing Verifiable Credentials using JOSE and COSE, section 3.1)."""
    header: dict[str, Any] = {"typ": "vc+jwt", "cty": "vc", "kid": signer.verification_method}
    if signer.x5c:
        header["x5c"] = list(signer.x5c)
    return JWT_MEDIA_TYPE, sign_jws(header, dump_json(credential), signer).encode()


def read_bitstring(credential: Mapping[str, Any], place: int, purpose: str, bits: int = 1) -> int:
    """Return an entry of a list whose proof was verified. Raises `UnusableList`.

    Args:
        credential: The `BitstringStatusListCredential`.
        place: The index of the entry.
        purpose: The purpose that the entry has in the document.
        bits: The width of an entry (`statusSize`).

    """
    types = credential.get("type")
    if "BitstringStatusListCredential" not in (types if isinstance(types, list) else [types]):
        raise UnusableList("what is at the list's address is not a Bitstring Status List")
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict) or subject.get("type") != "BitstringStatusList":
        raise UnusableList("the credential has no status list in it")
    purposes = subject.get("statusPurpose")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise UnusableList(f"the list is for another purpose than {purpose}")
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str) or not encoded.startswith(_MULTIBASE_BASE64URL):
        raise UnusableList("the list is not in multibase base64url")
    try:
        data = inflate(base64url.decode(encoded[1:]), is_gzip=True)
    except ValueError as error:
        raise UnusableList("the list is not in base64url") from error
    if len(data) * 8 // bits < MIN_ENTRIES:
        raise UnusableList(f"the list has fewer than {MIN_ENTRIES:,} entries, too few to hide its holders")
    return read_high_first(data, place, bits)


def _format_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
