"""The types of files that a browser may show in a sandbox; all others are saved. Pure."""

from typing import Final

_SHOWN: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})


def can_be_shown(media_type: str) -> bool:
    """Return whether a browser may show files of this type."""
    return media_type in _SHOWN
