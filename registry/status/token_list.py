"""Token Status List (draft-ietf-oauth-status-list-20): the list of SD-JWT VC, two bits an entry."""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from registry.documents.jose import InvalidJws, Jws, dump_json, parse_jws, sign_jws
from registry.export.document import DocumentSigner
from registry.status.statuses import UnusableList, inflate, pack_pairs, read_low_first
from registry.wire import base64url

MEDIA_TYPE: Final = "application/statuslist+jwt"
TYPE: Final = "statuslist+jwt"
BITS: Final = 2
VALIDITY: Final = timedelta(days=7)
"""The time for which a list may be relied on, as a static copy, too."""
TTL_SECONDS: Final = 60
"""The time for which a verifier may keep a list before it looks again."""
_WIDTHS: Final = (1, 2, 4, 8)


class TokenList(msgspec.Struct, frozen=True):
    """A Token Status List of somebody. Its signature is not verified yet."""

    jws: Jws
    subject: str
    """The address of the list, as it says itself."""
    issuer: str | None
    issued: float
    expires: float | None
    bits: int
    packed: str

    def read(self, place: int) -> int:
        """Return the value of an entry. Raises `UnusableList`."""
        try:
            data = base64url.decode(self.packed)
        except ValueError as error:
            raise UnusableList("the list is not in base64url") from error
        return read_low_first(inflate(data, is_gzip=False), place, self.bits)


def sign_token_list(
    statuses: Mapping[int, int], size: int, address: str, signer: DocumentSigner, at: datetime
) -> bytes:
    """Return a signed list of all entries whose status is not `VALID`."""
    header: dict[str, Any] = {"typ": TYPE, "kid": signer.verification_method}
    if signer.x5c:
        header["x5c"] = list(signer.x5c)
    claims = {
        "iss": signer.issuer,
        "sub": address,
        "iat": int(at.timestamp()),
        "exp": int((at + VALIDITY).timestamp()),
        "ttl": TTL_SECONDS,
        "status_list": {"bits": BITS, "lst": base64url.encode(zlib.compress(pack_pairs(statuses, size), 9))},
    }
    return sign_jws(header, dump_json(claims), signer).encode()


def parse_token_list(content: bytes) -> TokenList:
    """Return the list in a JWT. Raises `UnusableList`."""
    try:
        jws = parse_jws(content.strip().decode("ascii"))
        claims = jws.claims()
    except (InvalidJws, UnicodeDecodeError) as error:
        raise UnusableList(f"what is at the list's address is not a Token Status List: {error}") from error
    if jws.header.get("typ") != TYPE:
        raise UnusableList(f"what is at the list's address is not of type {TYPE}")
    content_of = claims.get("status_list")
    if not isinstance(content_of, dict):
        raise UnusableList("the token has no status list in it")
    bits, packed = content_of.get("bits"), content_of.get("lst")
    if isinstance(bits, bool) or bits not in _WIDTHS or not isinstance(packed, str):
        raise UnusableList("the status list in the token does not have the form of one (bits, lst)")
    if not isinstance(claims.get("sub"), str) or not _is_time(claims.get("iat")):
        raise UnusableList("the token does not say of which list it is, and of when (sub, iat)")
    expires = claims.get("exp")
    if expires is not None and not _is_time(expires):
        raise UnusableList("the time at which the list expires is not a number of seconds (exp)")
    issuer = claims.get("iss")
    return TokenList(
        jws, claims["sub"], issuer if isinstance(issuer, str) else None, claims["iat"], expires, bits, packed
    )


def _is_time(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, int | float) and not isinstance(value, bool)
