"""The form of a consortium's name, of a member's, and of a founding's hash."""

import re
from typing import Final

_CONSORTIUM: Final = re.compile(r"[a-z0-9.-]{3,100}")
_MEMBER: Final = re.compile(r"[a-z0-9-]{2,40}")
_FOUNDED: Final = re.compile(r"[0-9a-f]{64}")


def is_consortium(name: str) -> bool:
    """Return True if a consortium can have this name."""
    return _CONSORTIUM.fullmatch(name) is not None


def is_member(name: str) -> bool:
    """Return True if a member can have this short name."""
    return _MEMBER.fullmatch(name) is not None


def is_founding_hash(text: str) -> bool:
    """Return True for 64 hexadecimal digits in lower case."""
    return _FOUNDED.fullmatch(text) is not None
