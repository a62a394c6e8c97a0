"""A batch, its state, and the errors of those who decide about it."""

from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import msgspec

from registry.batches.batch_file import BatchFileWriter
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
"""Rows with a header. The content shows whether it is a CSV or a spreadsheet, not the media type."""
DOCUMENTS: Final[tuple[Media, ...]] = ("application/json", "application/xml")
"""Documents of a learner's awards, which have no rows."""
ENDED: Final[tuple[State, ...]] = ("done", "failed", "cancelled", "incomplete")
"""States after which no row of a batch is taken in any more."""
Term = tuple[date, date]


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """A batch, and how far the worker is with it."""

    batch: str
    name: str
    """The sender's name for it."""
    kind: Kind
    media: Media
    state: State
    dry_run: bool
    """True if it is only checked."""
    bytes: int
    lines: int
    """Number of lines, the header among them; of a spreadsheet the rows of all sheets, and 0 until they are
    counted."""
    done_lines: int
    """Number of the last line that was worked through; of a document, of the last award."""
    issued: int
    """Rows that took effect with this batch; in a dry run, rows that would."""
    unchanged: int
    """Rows that were taken in before and say the same; of a reconciliation, rows that agree."""
    refused: int
    """Rows that were not taken in; `problems` lists them. Of a reconciliation, rows that do not agree."""
    held: int
    """Scheduled rows: they wait for the day in their `valid_from`."""
    created: datetime
    by: str
    """The sender: a key's or a client's id."""
    publish_at: datetime | None
    """When it is worked through; of a batch with scheduled rows, when the next of them are."""
    released_by: str | None
    started: datetime | None
    finished: datetime | None
    notes: list[str]
    error: str | None
    """Why none of it, or no more of it, can be taken in."""
    awarded_from: date | None = None
    """First day of a reconciliation's term."""
    awarded_until: date | None = None
    """Last day of a reconciliation's term."""
    dates: Order | None = None
    """Order in which its rows write days that are not `YYYY-MM-DD`."""
    keep_text: bool = False
    """True if text is right although it looks as if it were in a wrong encoding."""


class ReadingOptions(NamedTuple):
    """Options for reading the rows of a batch."""

    dates: Order | None = None
    keep_text: bool = False


class IncomingBatch(NamedTuple):
    """A batch that is being received; without a file, one that was received before."""

    batch: str
    file: BatchFileWriter | None


class UnknownBatch(Exception):
    """No batch has this id."""


class WrongState(Exception):
    """The batch's state does not allow the act."""


class OwnBatch(Exception):
    """The person who sent a batch cannot release it."""
