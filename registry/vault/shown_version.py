"""The version of what a page or an answer shows of a person: a person who decides names what they have read."""

from typing import Any, Final

import msgspec

from registry.vault.vault import Vault

VERSION_DIGITS: Final = 12
"""Hexadecimal digits of a version."""


def shown_version(vault: Vault, kind: str, shown: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the version of these values; `kind` tells those of one kind from all others."""
    return vault.digest(kind.encode() + b"\0" + msgspec.json.encode(shown)).hex()[:VERSION_DIGITS]
