"""What the office wants to know of the views, and of files that prove something: others plug it in."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Grant, Purpose

Key = tuple[str, str]
"""A credential: its member and id."""


class CredentialFacts(msgspec.Struct, frozen=True, rename="camel"):
    """A member's credential as the views have it."""

    member: str
    credential: str
    status: str
    flags: list[str]
    achievement: VersionedRef
    title: dict[str, str]
    awarding_date: str
    ects: float | None
    valid_until: str | None
    country: str | None
    """The issuer's."""
    recognised_by: list[str]
    """Agreements that recognise it without anybody deciding, `member/agreement`."""
    size: int
    """Up to which size of the issuer's log the views have read."""


class ProvedCredential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that a receipt proves to have been issued."""

    credential: CredentialRef
    achievement: VersionedRef
    notes: list[str]


class Known(Protocol):
    """What a node knows. Reads only."""

    def credentials(self, keys: Sequence[Key]) -> Mapping[Key, CredentialFacts]:
        """These credentials; those that have not arrived are left out."""
        ...

    def departures(self, achievement: VersionedRef, purpose: Purpose, grants: Sequence[Grant]) -> list[str]:
        """In sentences, where these grants depart from what offices decided about an achievement before."""
        ...

    def proved(self, receipt: str) -> ProvedCredential:
        """The credential that a receipt's text proves. Raises `WireError` where it proves none."""
        ...
