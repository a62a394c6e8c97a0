"""Rules of the keys that sign documents (docs/events.md, "Issuing keys")."""

from typing import Literal

from registry.rules.errors import Duplicate, IllegalTransition, UnknownKey
from registry.wire.issuing_keys import IssuingKeyEnded, KeyEndReason

IssuingKeyState = Literal["inForce"] | KeyEndReason
"""`inForce`, or the reason for which the key has ended."""


def announce(existing: IssuingKeyState | None, key: str) -> IssuingKeyState:
    """Announce a key, once: one that has ended is not announced again."""
    if existing is not None:
        raise Duplicate(f"key {key} was announced already", "$.data.key")
    return "inForce"


def end(existing: IssuingKeyState | None, data: IssuingKeyEnded) -> IssuingKeyState:
    """End a key, once."""
    if existing is None:
        raise UnknownKey(f"no key {data.key} was announced", "$.data.key")
    if existing != "inForce":
        raise IllegalTransition(f"key {data.key} has ended already: {existing}", "$.data.key")
    return data.reason
