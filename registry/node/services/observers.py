"""Observers of a node's services, for metrics and traces."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from consumers.projecting.projector import OnBatch, OnStep
from consumers.streams.progress import Progress
from registry.publishing.commit_store import UnsignedCommit


class Observer(NamedTuple):
    """Functions that the threads of a node's services call."""

    on_committed: Callable[[Sequence[UnsignedCommit]], None] = lambda _: None
    """Receives commits that were appended to the log."""
    on_batch: OnBatch = lambda *_: None
    """Called by the projector; see `Projector`."""
    on_step: OnStep = lambda *_: None
    """Called by the projector; see `Projector.run`."""


def combine_observers(*observers: Observer) -> Observer:
    """Return an observer that calls all of these, in order."""

    def on_committed(commits: Sequence[UnsignedCommit]) -> None:
        for observer in observers:
            observer.on_committed(commits)

    def on_batch(member: str, size: int, position: int) -> None:
        for observer in observers:
            observer.on_batch(member, size, position)

    def on_step(progress: Progress, seconds: float, whole: bool) -> None:  # noqa: FBT001 - the projector's own
        for observer in observers:
            observer.on_step(progress, seconds, whole)

    return Observer(on_committed, on_batch, on_step)
