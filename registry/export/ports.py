"""Ports of exporting: the facts, a key that signs, places in status lists, and a record of each copy."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec

from registry.export.document import DocumentSigner, ExportError, Omission, Profile, StatusPlaces
from registry.export.facts import PortableCredential, Portfolio


class NotExportable(msgspec.Struct, frozen=True):
    """A credential of which no document is made."""

    code: str
    """`unknown`, `erased`, `unpublished`, `suspended`, `revoked`, `replaced`, `restricted`, `no-claims`, `no-receipt`,
    `not-possible`."""
    reason: str
    """A sentence that says why, and what to do."""


class NoDocument(ExportError):
    """A credential of which no document is made, for a reason with a code."""

    def __init__(self, refusal: NotExportable) -> None:
        super().__init__(refusal.reason)
        self.code = refusal.code


class CollectedPortfolio(msgspec.Struct, frozen=True):
    """A learner's portfolio, and the credentials that are not in it."""

    portfolio: Portfolio
    left_out: Sequence[Omission] = ()


class TermQuery(msgspec.Struct, frozen=True):
    """The credentials of an achievement that were awarded within some days, both included."""

    achievement: str
    begin: date | None = None
    end: date | None = None


class FactSource(Protocol):
    """The facts of this university's credentials and learners."""

    def read_credentials(self, credentials: Sequence[str]) -> Mapping[str, PortableCredential | NotExportable]:
        """Return each of these credentials, or why no document of it may be made."""
        ...

    def read_portfolio(self, learner: str) -> CollectedPortfolio:
        """Return a learner's portfolio. Raises `ExportError` for a learner who is unknown or erased here."""
        ...


class FindSigner(Protocol):
    """The issuing keys of this node."""

    def __call__(self, profile: Profile) -> DocumentSigner:
        """Return the key that signs documents of a profile. Raises `ExportError` if there is none in force."""
        ...


class StatusPlaceAllocator(Protocol):
    """The status lists of this node."""

    def allocate(self, credential: str, count: int) -> Sequence[StatusPlaces]:
        """Reserve places for copies of a credential, each at a random free index."""
        ...


class CopyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was made, without anything that it says of the person."""

    copy: str
    """The UUID in the document's identifier."""
    learner: str
    credential: str | None
    """None for a portfolio."""
    format: str
    key: str | None
    """The thumbprint of the key that signed it; None where nothing was signed."""
    status: StatusPlaces | None


class CopyRefused(ExportError):
    """Documents that are not recorded, so that they must not leave: a learner was erased, or has too many."""


class CopyRecorder(Protocol):
    """The node's private record of documents."""

    def record(self, copies: Sequence[CopyRecord]) -> None:
        """Store them, and who asked for them, before the documents leave.

        Raises `CopyRefused` if a learner was erased or has too many; then none of them is stored.
        """
        ...
