"""Changes of credentials that wait for a second person, as the batches that wait say them."""

from collections.abc import Collection
from typing import Final, NamedTuple

from registry.batches.batch_file import DamagedBatchFile
from registry.batches.status_rows import StatusRows
from registry.batches.store import BatchStore
from registry.intake.rows.report import IntakeError
from registry.server.pages.desk.change_form import MAX_OF_FILTER

_MAX_BATCHES: Final = 50
"""Batches that are looked through: each is decrypted and read."""


class WaitingChange(NamedTuple):
    """A change that waits."""

    credential: str
    change: str
    batch: str


def find_waiting(store: BatchStore, credentials: Collection[str]) -> list[WaitingChange]:
    """Return the changes of some credentials that wait, in the order in which they were asked for.

    Only batches that a form can have made are read, and the oldest of these: files of many changes are not.
    """
    chosen = set(credentials)
    waiting: list[WaitingChange] = []
    for batch in store.list_waiting_changes(MAX_OF_FILTER, _MAX_BATCHES):
        try:
            rows = StatusRows(store.get_content(batch.batch), batch.media)
            changes = [row.change for row in rows if not isinstance(row, list)]
        except (DamagedBatchFile, IntakeError):  # its own page says so
            continue
        waiting += [
            WaitingChange(each.credential, each.change, batch.batch) for each in changes if each.credential in chosen
        ]
    return list(dict.fromkeys(waiting))
