"""Key binding: the holder's signature over a presentation (RFC 9901, section 4.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from registry.documents.jose import InvalidJws, Signer, dump_json, sign_jws, verify_jws
from registry.documents.sd_jwt import HASHES, InvalidSdJwt, SdJwt, hash_disclosure

MEDIA_TYPE: Final = "kb+jwt"
WINDOW: Final = timedelta(minutes=10)
"""The largest distance of a presentation's time from now, where a nonce was asked."""


def bind_key(text: str, holder: Signer, *, nonce: str, audience: str, at: datetime) -> str:
    """Return an SD-JWT with the holder's signature for one verifier (`audience`) and one request (`nonce`)."""
    claims = {"iat": int(at.timestamp()), "aud": audience, "nonce": nonce, "sd_hash": hash_disclosure(text, "sha-256")}
    return text + sign_jws({"typ": MEDIA_TYPE}, dump_json(claims), holder)


def verify_key_binding(
    sd_jwt: SdJwt,
    claims: Mapping[str, Any],
    hash_algorithm: str,
    *,
    nonce: str | None = None,
    audience: str | None = None,
    at: datetime,
) -> datetime:
    """Verify the holder's signature; return when it was made, by the holder's clock. Raises `InvalidSdJwt`.

    Args:
        sd_jwt: A presentation with a key binding.
        claims: Its processed claims: `cnf` names the holder's key.
        hash_algorithm: That of the SD-JWT.
        nonce: The value that this verifier asked for; None where it asked nobody, as for a file.
        audience: This verifier's own identifier; None likewise.
        at: Now.

    """
    binding = sd_jwt.key_binding
    if binding is None:
        raise InvalidSdJwt("the holder did not sign this presentation")
    confirmation = claims.get("cnf")
    key = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    if not isinstance(key, dict):
        raise InvalidSdJwt("the credential names no key of a holder (cnf.jwk), yet somebody signed as its holder")
    if binding.header.get("typ") != MEDIA_TYPE:
        raise InvalidSdJwt(f"the holder's signature is not of type {MEDIA_TYPE}")
    try:
        verify_jws(binding, key)
        content = binding.claims()
    except InvalidJws as error:
        raise InvalidSdJwt(f"the holder's signature: {error}") from error
    signed = _read_time(content.get("iat"))
    if not isinstance(content.get("nonce"), str) or not isinstance(content.get("aud"), str):
        raise InvalidSdJwt("the holder's signature lacks a nonce or an audience")
    if content.get("sd_hash") != hash_disclosure(sd_jwt.text, hash_algorithm if hash_algorithm in HASHES else ""):
        raise InvalidSdJwt("the holder signed another presentation than this one (sd_hash)")
    if nonce is not None and content["nonce"] != nonce:
        raise InvalidSdJwt("the holder signed for another request: this may be a presentation that was sent before")
    if audience is not None and content["aud"] != audience:
        raise InvalidSdJwt("the holder signed for another verifier")
    if signed > at + WINDOW:
        raise InvalidSdJwt("the holder's signature has a time in the future")
    if nonce is not None and signed < at - WINDOW:
        raise InvalidSdJwt("the holder's signature is too old for this request")
    return signed


def _read_time(value: Any) -> datetime:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise InvalidSdJwt("the holder's signature has no time (iat)")
    return datetime.fromtimestamp(value, UTC)
