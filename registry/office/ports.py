"""What the office wants to know of the views, and of files that prove something: others plug it in."""

from collections.abc import Mapping, Sequence
from datetime import date
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
    claims: str | None = None
    """The digest of what the credential says of its holder."""
    erased: bool = False
    """Whether its issuer erased the learner."""
    disputed: bool = False
    """Whether the issuer signed two histories of its log."""
    changed_at: int = 0
    """Where on the issuer's log its status was changed last; 0 where it never was."""


class ProvedCredential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that a receipt proves to have been issued."""

    credential: CredentialRef
    achievement: VersionedRef
    notes: list[str]
    claims: str | None = None
    """The digest of what the credential says of its holder."""


class OwnDecision(msgspec.Struct, frozen=True, rename="camel"):
    """What this office decided about a credential that no member issued, as it stands on the log."""

    decision: str
    decided: date
    state: str
    """`inForce`, `superseded` or `withdrawn`."""
    issuer_name: str
    country: str
    title: str
    purpose: str
    outcomes: list[str]
    grounds: list[str]
    """`aspect:difference`."""


class Known(Protocol):
    """What a node knows. Reads only."""

    def credentials(self, keys: Sequence[Key]) -> Mapping[Key, CredentialFacts]:
        """These credentials; those that have not arrived are left out."""
        ...

    def departures(self, achievement: VersionedRef, purpose: Purpose, grants: Sequence[Grant]) -> list[str]:
        """In sentences, where these grants depart from what offices decided about an achievement before."""
        ...

    def touched(self, keys: Sequence[Key]) -> set[Key]:
        """Those of these credentials that are not plainly active, or whose status was ever changed, or are unknown."""
        ...

    def contained(self, keys: Sequence[Key]) -> list[tuple[Key, Key]]:
        """Return which of these credentials are parts of which, however deep: the whole, and its part."""
        ...

    def own_external_decisions(self, limit: int) -> list[OwnDecision]:
        """Return what this office decided about what no member issued, the newest first; one for each such basis."""
        ...

    def proved(self, receipt: str) -> ProvedCredential:
        """The credential that a receipt's text proves. Raises `WireError` where it proves none."""
        ...
