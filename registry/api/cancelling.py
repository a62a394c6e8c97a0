"""The rule of who may cancel a batch: who sent it or prepared its rows, who may release batches, an administrator.

One rule for the pages and the API, for batches of persons and of systems.
"""

from typing import Final

from registry.batches.store import BatchStore
from registry.http.access import Caller
from registry.http.problems import HttpProblem

_ANY_BATCH: Final = frozenset({"batches:release", "accounts:administer"})


def may_cancel(caller: Caller, batch_store: BatchStore, batch: str) -> bool:
    """Return whether a person or system may cancel a batch. Raises `UnknownBatch`."""
    if caller.scopes & _ANY_BATCH:
        return True
    return "credentials:write" in caller.scopes and batch_store.is_prepared_by(batch, caller.actor)


def check_may_cancel(caller: Caller, batch_store: BatchStore, batch: str) -> None:
    """Refuse a caller who may not cancel a batch. Raises `HttpProblem`, `UnknownBatch`."""
    if not may_cancel(caller, batch_store, batch):
        raise HttpProblem(
            "second-person",
            "Who asked for it cancels it, or a person who may release batches, or an administrator.",
        )
