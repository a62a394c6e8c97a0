"""Finds passphrases that are too weak to protect a whole node's personal data."""

from typing import Final

MIN_LENGTH: Final = 12
"""The fewest characters (NIST SP 800-63B asks for 15 for a passphrase alone, and never fewer than 8)."""
_DIFFERENT: Final = 6
_COMMON: Final = (
    "password", "passphrase", "registry", "university", "credential", "letmein", "welcome", "qwertyuiop", "qwertzuiop",
    "1234567890", "abcdefghijklmnopqrstuvwxyz", "iloveyou", "administrator", "changeme", "backup", "secret",
)  # fmt: skip
_HINT: Final = "Choose several words that do not belong together, or make one: openssl rand -base64 24"


def find_weakness(passphrase: bytes) -> str | None:
    """Return what makes a passphrase too weak, and what to do, as the rest of a sentence; None if it is strong."""
    text = passphrase.decode(errors="replace").casefold()
    if len(text) < MIN_LENGTH:
        return f"is too short: {len(text)} of at least {MIN_LENGTH} characters. {_HINT}"
    if len(set(text)) < _DIFFERENT:
        return f"repeats too few characters: {len(set(text))} of at least {_DIFFERENT} different ones. {_HINT}"
    rest = text
    for word in _COMMON:
        for length in range(len(word), 4, -1):
            for start in range(len(word) - length + 1):
                rest = rest.replace(word[start : start + length], "")
    if len(rest) < MIN_LENGTH // 2:
        return f"is made of common words or runs of neighbouring keys. {_HINT}"
    return None
