"""A merge or a split of learners: its preview, its record, and the errors of one that is refused."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from registry.domain.errors import Refusal

Kind = Literal["merge", "split"]


class CannotChange(Refusal):
    """The change is not possible."""

    code = "cannot-change"


class UnknownChange(Refusal):
    """No change with this id was proposed."""

    code = "unknown-change"


class SamePerson(Refusal):
    """The person who proposed a change may not confirm it."""

    code = "same-person"


class StalePreview(Refusal):
    """Something has changed since the preview of the change was shown."""

    code = "stale-preview"


class Move(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that is revoked and issued again."""

    credential: str
    achievement: str
    version: int
    awarding_date: str
    stored_version: int
    """The number of events that the node has stored of it."""


class Stay(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that is not moved."""

    credential: str
    why: str


class Preview(msgspec.Struct, frozen=True, rename="camel"):
    """The effect of a change."""

    kind: Kind
    source: str
    target: str
    target_is_new: bool
    source_person: dict[str, str]
    target_person: dict[str, str]
    differs: tuple[str, ...]
    """Contradictions between the two persons: `dateOfBirth`, `name`. A merge with one needs a second look."""
    number_moves: bool
    """True if the source's student number leads to the target afterwards."""
    moves: list[Move]
    stays: list[Stay]
    history: list[str]
    """Credentials that are revoked or replaced already: their private data goes to the target, nothing is issued."""

    def __repr__(self) -> str:
        return f"Preview({self.kind}, {self.source}, {self.target}, …)"  # a person is never shown by accident


class Change(NamedTuple):
    """A change as it is stored."""

    change: str
    kind: Kind
    source: str
    target: str
    proposed_by: str
    proposed: datetime
    confirmed_by: str | None
    confirmed: datetime | None
    moves: int | None
    """The number of credentials that it revokes and issues again; None if an earlier version stored the change."""
    credentials: dict[str, str]
    """Each old credential and the one that was issued in its place, once the change is confirmed."""


class ProposedChange(NamedTuple):
    """A change that waits for somebody else to confirm it."""

    change: str
    preview: Preview
