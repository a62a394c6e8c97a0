"""Ids as people and programs write them: a UUID in capitals, or without hyphens, is the same id."""

import re
from typing import Final
from uuid import UUID

_WRITTEN: Final = re.compile(r"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{12}")


def canonical_uuid(text: str) -> str:
    """Return a UUID in its one form, lower case with hyphens; any other text as it is."""
    return str(UUID(text)) if _WRITTEN.fullmatch(text) else text
