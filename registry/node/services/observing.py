"""What a node tells whoever observes it at work; without an observer it tells nobody."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from consumers.projecting.projector import OnBatch, OnStep
from registry.publishing.commit_store import Draft


class Observer(NamedTuple):
    """Functions that are called from the threads of a node's services."""

    on_committed: Callable[[Sequence[Draft]], None] = lambda _: None
    """Receives commits that were put on the log."""
    on_batch: OnBatch | None = None
    """As the projector's own."""
    on_step: OnStep = lambda *_: None
    """As the projector's own."""
