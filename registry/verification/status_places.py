"""The places in status lists that a credential of W3C's data model names (`credentialStatus`), in any of its formats.

Source: Bitstring Status List 1.0, section 2.1 (BitstringStatusListEntry).
"""

from collections.abc import Mapping
from typing import Any, Final

from registry.verification.checks import StatusPlace

_MAX_TEXT: Final = 2_000
"""Characters of an address."""
_MAX_DIGITS: Final = 11
_MAX_PLACES: Final = 10
"""Places that are read: one more than anybody looks up is enough to refuse a document for their number."""


def read_status(document: Mapping[str, Any]) -> list[StatusPlace]:
    """Return the places of a credential, in order."""
    stated = document.get("credentialStatus")
    entries = [each for each in (stated if isinstance(stated, list) else [stated]) if isinstance(each, dict)]
    return [_read_place(entry) for entry in entries[:_MAX_PLACES]]


def _read_place(entry: Mapping[str, Any]) -> StatusPlace:
    kinds = entry.get("type")
    kind = next((each for each in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(each, str)), "")
    return StatusPlace(
        type=kind,
        list=_read_text(entry.get("statusListCredential")) or _read_text(entry.get("id")),
        index=_read_number(entry.get("statusListIndex")),
        purpose=_read_text(entry.get("statusPurpose")),
        size=1 if "statusSize" not in entry else _read_number(entry["statusSize"]),
    )


def _read_text(value: object) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) and value else None


def _read_number(value: object) -> int | None:
    """Return a number that a document states as a number or in digits."""
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
