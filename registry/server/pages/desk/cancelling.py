"""Cancelling a batch that a person sent: by who asked for it, or by a person who may release batches."""

from typing import Any

from litestar import Request

from registry.batches.imports.import_store import ImportStore
from registry.http import HttpProblem
from registry.values.actors import PERSON_PREFIX


def may_cancel(request: Request[Any, Any, Any], imports: ImportStore, batch: str) -> bool:
    """Return whether the reader may cancel a batch. Anybody who may issue cancels one of a system."""
    if "batches:release" in request.user.scopes:
        return True
    if "credentials:write" not in request.user.scopes:
        return False
    preparers = imports.batch_store.list_preparers(batch)
    if not any(each.startswith(PERSON_PREFIX) for each in preparers):
        return True
    persons = imports.persons([request.user.actor, *preparers])
    return persons[request.user.actor] in {persons[each] for each in preparers}


def check_may_cancel(request: Request[Any, Any, Any], imports: ImportStore, batch: str) -> None:
    """Raise `HttpProblem` if the reader may not cancel a batch."""
    if not may_cancel(request, imports, batch):
        raise HttpProblem("second-person", "Who asked for it cancels it, or a person who may release batches.")
