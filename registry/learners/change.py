"""A merge or a split of learners: what it comes to, how it is kept, and why one is refused."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from registry.domain.errors import Refusal

Kind = Literal["merge", "split"]


class CannotChange(Refusal):
    """The change is not possible as it was asked for."""

    code = "cannot-change"


class UnknownChange(Refusal):
    """No change with this id was proposed."""

    code = "unknown-change"


class SamePerson(Refusal):
    """Whoever proposes a change does not confirm it."""

    code = "same-person"


class StalePreview(Refusal):
    """What was shown when the change was proposed is not so any more."""

    code = "stale-preview"


class Move(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that is revoked and issued again."""

    credential: str
    achievement: str
    version: int
    awarding_date: str
    stored_version: int
    """How many events the node has stored of it."""


class Stay(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that is not moved."""

    credential: str
    why: str


class Preview(msgspec.Struct, frozen=True, rename="camel"):
    """What a change comes to."""

    kind: Kind
    source: str
    target: str
    target_is_new: bool
    source_person: dict[str, str]
    target_person: dict[str, str]
    differs: tuple[str, ...]
    """How the two persons contradict each other: `dateOfBirth`, `name`. Of a merge, that is what to look at twice."""
    number_moves: bool
    """Whether the source's student number leads to the target afterwards."""
    moves: list[Move]
    stays: list[Stay]
    history: list[str]
    """Credentials that are revoked or replaced already: their private data goes to the target, nothing is issued."""

    def __repr__(self) -> str:
        return f"Preview({self.kind}, {self.source}, {self.target}, …)"  # a person is never shown by accident


class Change(NamedTuple):
    """A change as it is kept."""

    change: str
    kind: Kind
    source: str
    target: str
    proposed_by: str
    proposed: datetime
    confirmed_by: str | None
    confirmed: datetime | None
    moves: int | None
    """How many credentials it revokes and issues again; None: an earlier version did not note it."""
    credentials: dict[str, str]
    """Of a confirmed one: each old credential and the one that was issued in its place."""


class Proposed(NamedTuple):
    """A change that waits for somebody else to confirm it."""

    change: str
    preview: Preview
