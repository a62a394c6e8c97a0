"""The learners whose data the vault opened, for the access journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_LEARNERS: Final[ContextVar[set[str] | None]] = ContextVar("opened learners", default=None)


@contextmanager
def watch_openings() -> Iterator[set[str]]:
    """Yield a set that receives the id of each learner whose data the vault opens in this context.

    A thread that copies the context, as those that handle requests do, adds to the same set.
    """
    learners: set[str] = set()
    token = _LEARNERS.set(learners)
    try:
        yield learners
    finally:
        _LEARNERS.reset(token)


@contextmanager
def no_openings() -> Iterator[None]:
    """Add nothing: the data is compared or processed here, and nobody sees it."""
    token = _LEARNERS.set(None)
    try:
        yield
    finally:
        _LEARNERS.reset(token)


def note_opening(learner: str) -> None:
    """Add a learner to the set of this context, if it has one."""
    learners = _LEARNERS.get()
    if learners is not None:
        learners.add(learner)
