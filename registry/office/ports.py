"""The office's only port onto published credentials, which a node's views answer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec

from registry.office.assessments.offered import Offered
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Grant, Purpose

Key = tuple[str, str]
"""A credential: its member and id."""


class CredentialFacts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member's credential as the views have it now."""

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
    """Agreements that recognise it without a decision, `member/agreement`."""
    size: int
    """The size of the issuer's log up to which the views have read."""
    claims: str | None = None
    """The digest of what the credential says of its holder."""
    erased: bool = False
    """True if its issuer erased the learner."""
    disputed: bool = False
    """True if the issuer signed two histories of its log."""
    changed_at: int = 0
    """The leaf of the issuer's log at which its status was changed last; 0 if it never was."""


class ProvenCredential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that a receipt proves to have been issued."""

    credential: CredentialRef
    achievement: VersionedRef
    notes: list[str]
    claims: str | None = None
    """The digest of what the credential says of its holder."""


class OwnDecision(msgspec.Struct, frozen=True, rename="camel"):
    """A decision of this office about an external credential, as it is on the log."""

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


class CredentialLookup(Protocol):
    """A port onto the credentials, achievements and decisions that a node has read. Reads only; for several threads.

    What has not arrived here is left out of a result, or is None.
    """

    def find_credentials(self, keys: Sequence[Key]) -> Mapping[Key, CredentialFacts]:
        """Return these credentials; those that have not arrived are left out."""
        ...

    def describe_credential(self, member: str, credential: str) -> Offered | None:
        """Return what a credential of a member offers for recognition; None where it has not arrived here."""
        ...

    def describe_credentials(self, keys: Sequence[Key]) -> Mapping[Key, Offered]:
        """Return what credentials offer for recognition; those that have not arrived are left out."""
        ...

    def describe_achievement(self, achievement: VersionedRef) -> Offered | None:
        """Return what a version of an achievement offers, as awarded today; None where it has not arrived here."""
        ...

    def is_member(self, name: str) -> bool:
        """Return whether governance, as far as it has arrived here, ever named this member."""
        ...

    def find_departures(self, achievement: VersionedRef, purpose: Purpose, grants: Sequence[Grant]) -> list[str]:
        """Return in sentences where these grants depart from what offices decided about an achievement before."""
        ...

    def find_changed(self, keys: Sequence[Key]) -> set[Key]:
        """Return those that are not plainly active, whose status was ever changed, or that are unknown."""
        ...

    def find_parts(self, keys: Sequence[Key]) -> list[tuple[Key, Key]]:
        """Return which of these credentials are parts of which, at any depth: the whole, and its part."""
        ...

    def list_external_decisions(self, limit: int) -> list[OwnDecision]:
        """Return what this office decided about external credentials, the newest first; one for each basis."""
        ...

    def verify_receipt(self, receipt: str) -> ProvenCredential:
        """Return the credential whose issuing a receipt proves. Raises `WireError` where it proves none."""
        ...
