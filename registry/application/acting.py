"""The actor of what a command stores: a command's acts are in the journal, in the transaction that stores them.

Requests over HTTP write their own entries (`registry.api.private_side`), with the id in the path as the subject.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from registry.accounts.journal import JournalRow

MAX_SUBJECTS: Final = 20
"""Subjects of one transaction that have an entry each; of more there is one entry, with their number."""


class Acting(NamedTuple):
    """The actor of all transactions of a context, and the act."""

    actor: str
    act: str


_ACTING: Final[ContextVar[Acting | None]] = ContextVar("acting", default=None)


@contextmanager
def acting_as(acting: Acting) -> Iterator[None]:
    """Let each transaction of this context have an entry of the journal for what it stores."""
    token = _ACTING.set(acting)
    try:
        yield
    finally:
        _ACTING.reset(token)


def list_journal_rows(subjects: Collection[str]) -> "list[JournalRow]":
    """Return the journal's rows for a transaction about these ids; none where nobody acts in this context."""
    acting = _ACTING.get()
    if acting is None or not subjects:
        return []
    from registry.accounts.journal import JournalRow  # noqa: PLC0415 - accounts load libraries that help texts do not need

    ordered = sorted(subjects)
    named = ordered if len(ordered) <= MAX_SUBJECTS else [str(len(ordered))]
    now = datetime.now(UTC)
    return [JournalRow(now, acting.actor, acting.act, subject) for subject in named]
