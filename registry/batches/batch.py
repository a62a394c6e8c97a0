"""A batch, and how far it is."""

from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import msgspec

from registry.batches.spool import Spool
from registry.intake.rows.days import Order

State = Literal[
    "receiving", "incomplete", "awaitingRelease", "scheduled", "waiting", "working", "done", "failed", "cancelled"
]
Kind = Literal["credentials", "statusChanges", "reconciliation"]
Media = Literal[
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
    "application/json",
    "application/xml",
]
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABLES: Final[tuple[Media, ...]] = ("text/csv", XLSX)
"""Rows with a header; which of the two a content is, it shows itself."""
DOCUMENTS: Final[tuple[Media, ...]] = ("application/json", "application/xml")
"""Not rows, but a document of a learner's awards."""
ENDED: Final[tuple[State, ...]] = ("done", "failed", "cancelled", "incomplete")
"""Nothing of it will be taken in any more."""
Term = tuple[date, date]


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """A batch, and how far it is."""

    batch: str
    name: str
    """What the system calls it."""
    kind: Kind
    media: Media
    state: State
    dry_run: bool
    """Whether it is checked only."""
    bytes: int
    lines: int
    """Lines that it has, the header among them; of a spreadsheet the rows of all sheets, and 0 until they are
    counted."""
    done_lines: int
    """Up to which line it has been worked through; of a document, up to which of its awards."""
    issued: int
    """Rows that had their effect by this batch; in a dry run, that would have it."""
    unchanged: int
    """Rows that were taken in before, and say the same; of a reconciliation, those that agree."""
    refused: int
    """Rows that were not taken in; `problems` lists them. Of a reconciliation, what does not agree."""
    held: int
    """Rows that wait for the day that their `valid_from` names."""
    created: datetime
    by: str
    """Who sent it: a key's or a client's id."""
    publish_at: datetime | None
    """When it is worked through; where rows are held, when the next of them are."""
    released_by: str | None
    started: datetime | None
    finished: datetime | None
    notes: list[str]
    error: str | None
    """Why nothing of it, or nothing more, can be taken in."""
    awarded_from: date | None = None
    """Of a reconciliation: the term's first day."""
    awarded_until: date | None = None
    """Its last day."""
    dates: Order | None = None
    """How its rows write days that are not `YYYY-MM-DD`."""
    keep_text: bool = False
    """Whether text that looks as if it were in a wrong encoding is meant."""


class Reading(NamedTuple):
    """How the rows of a batch are to be read."""

    dates: Order | None = None
    keep_text: bool = False


class Begun(NamedTuple):
    """A batch that is being received; without a spool, one that was received before."""

    batch: str
    spool: Spool | None


class UnknownBatch(Exception):
    """There is no batch of that id."""


class WrongState(Exception):
    """What was asked for cannot be done to a batch in its state."""


class SecondPerson(Exception):
    """Whoever sent a batch in cannot release it."""
