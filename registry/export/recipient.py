"""The person in an Open Badge: a hash of the name, the name, or nothing but the holder's key.

A badge may be shown to anybody, so of the person it has the name at most. A hash with its salt lets those who know the
name confirm it (Open Badges 3.0, section B.1.12); it does not hide the name from somebody who guesses it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from registry.documents.multikey import MalformedKey, encode_multikey
from registry.export.document import Copy, ExportError, Omission
from registry.wire.disclosures import salts

Claims = Mapping[str, Any]
Identity = Literal["hashed", "plain", "none"]
"""The form of the person's name in a badge."""
_LEFT_OUT: Final = ("dateOfBirth", "nationalId", "studentNumber")


def _join_name(claims: Claims) -> str:
    """Return the whole name; empty where there is none."""
    parts = (claims.get("givenName"), claims.get("familyName"))
    return " ".join(str(part) for part in parts if part)


def make_recipient(claims: Claims, copy: Copy, identity: Identity) -> dict[str, Any]:
    """Return the identifiers of the subject. Raises `ExportError` where nothing would identify it."""
    recipient: dict[str, Any] = {}
    if copy.holder is not None:
        try:
            recipient["id"] = f"did:key:{encode_multikey(copy.holder)}"
        except MalformedKey as error:
            raise ExportError(f"The holder's key cannot be used: {error}. Use a key of Ed25519 or P-256.") from error
    name = _join_name(claims)
    if identity != "none" and name:
        recipient["identifier"] = [_identify(name, hashed=identity == "hashed")]
    if not recipient:
        raise ExportError("An Open Badge needs the holder's key or a name. Give a holder, or the name plain or hashed.")
    return recipient


def _identify(name: str, *, hashed: bool) -> dict[str, Any]:
    kind = {"type": "IdentityObject", "identityType": "name", "hashed": hashed}
    if not hashed:
        return {**kind, "identityHash": name}
    salt = salts(1)
    return {**kind, "identityHash": "sha256$" + hashlib.sha256((name + salt).encode()).hexdigest(), "salt": salt}


def omit_from_recipient(claims: Claims, identity: Identity) -> Iterable[Omission]:
    """Yield what the claims say of the person and a badge leaves out."""
    for name in ("familyName", "givenName"):
        if name in claims and identity == "none":
            yield Omission(f"claims.{name}", "The badge was asked for without the name.")
        elif name in claims and identity == "hashed":
            yield Omission(f"claims.{name}", "Only a hash of the name is in the badge.")
    for name in _LEFT_OUT:
        if name in claims:
            yield Omission(f"claims.{name}", "A badge may be shown to anybody; of the person it has a name at most.")
    if "originalGrade" in claims:
        yield Omission("claims.originalGrade", "An Open Badge has one grade on one scale.")
