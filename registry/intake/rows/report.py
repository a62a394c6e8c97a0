"""Reports of intake about a file: problems, each with its place and what would be right, and notes."""

from collections.abc import Sequence
from typing import BinaryIO, Final, Literal, Protocol

import msgspec


class IntakeError(Exception):
    """A file that cannot be taken in. The message says why, and what to do."""


FAULTS: Final = (
    ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, LookupError, NotImplementedError,
    RecursionError, TypeError, ValueError,
)  # fmt: skip
"""Errors that unforeseen content raises. It would raise them each time, so they fail that batch, or event, alone."""

MAX_BAD_ROWS: Final = 100_000
"""Rows of a file that may be wrong before the rest is not read, which limits the memory for their problems."""


MAX_NAMED: Final = 20
"""Columns or fields of one kind that notes and problems name one by one; the others are counted."""
MAX_NOTES: Final = 500
"""Notes of a file that are kept, at most."""
MAX_NOTES_CHARACTERS: Final = 50_000
"""Characters of all of them together."""
_MAX_NOTE: Final = 2000


class IntakeUnavailable(IntakeError):
    """The source of events cannot be reached, or denies access."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """A problem of a file. Values about a person are masked."""

    where: str
    """`line 7`, or a JSON path."""
    field: str
    """The column, or the last step of the path."""
    value: str
    detail: str
    """Explanation of the problem and its correction."""


Problems = tuple[Problem, ...]
"""All problems of one row."""


def no_rows(content: object, read: str) -> str:
    """Return the message on a file without a row; `read` describes what was read of it."""
    return f"{content}: there is no row in it: {read}. Nothing was taken in"


def bounded_notes(notes: Sequence[str]) -> list[str]:
    """Return the notes that are stored of one file, each cut to 2,000 characters, and the number of further ones."""
    bounded, characters = list[str](), 0
    for note in notes:
        cut = note if len(note) <= _MAX_NOTE else f"{note[:_MAX_NOTE]}…"
        characters += len(cut)
        if len(bounded) == MAX_NOTES or characters > MAX_NOTES_CHARACTERS:
            return [*bounded, f"there are {len(notes) - len(bounded):,} more notes, which are not kept"]
        bounded.append(cut)
    return bounded


class BadRows:
    """Counts the rows of a file that are wrong."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, where: str) -> None:
        """Count one. Raises `IntakeError` for one too many."""
        self._count += 1
        if self._count > MAX_BAD_ROWS:
            raise IntakeError(
                f"{where}: more than {MAX_BAD_ROWS:,} rows of this file are wrong; nothing from here on was read."
                " Rows before it that were right are taken in. Correct the file and send it again"
            )


class Readable(Protocol):
    """A source of rows: a `pathlib.Path`, or another object that can be opened several times."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Open it at its beginning."""
        ...


class Catalogue(Protocol):
    """The university's achievements: rows are checked against them before anything is stored."""

    @property
    def member(self) -> str:
        """Return the university's name on the logs."""
        ...

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        """Return the ECTS of each version, first to last; None where the achievement is unknown."""
        ...

    def is_retired(self, achievement: str) -> bool:
        """Return True if it is no longer offered."""
        ...

    def course(self, code: str) -> tuple[str, int | None] | None:
        """Return the achievement and version (None: the newest) that one of the university's course codes stands for.

        None where the mapping table has no such code.
        """
        ...


def mask(value: str) -> str:
    """Return the first letter of a person's data, which is enough to find the row."""
    return value[:1] + "…" if value else ""
