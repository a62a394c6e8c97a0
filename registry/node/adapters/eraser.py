"""Erasure of a learner over HTTP, put together from the node's parts."""

from collections.abc import Sequence

from projections.core import views
from projections.records.learners import known_credentials
from registry.application.registry import Registry
from registry.batches import BatchStore
from registry.learners import erasure as erasing
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.privacy.erased_bytes import Deadline, find_deadline
from registry.wire.today import utc_today


class Eraser:
    """Erases learners of this node, for requests over HTTP."""

    def __init__(self, node: Node) -> None:
        self._batch_store: BatchStore = open_batch_store(node)
        self._dsn = node.dsn()
        self._days = node.settings.retention.erased_bytes_days

    def __call__(self, registry: Registry, learner: str, *, again: bool, confirm_cases: Sequence[str]) -> list[str]:
        """Destroy a learner's key and rows, and announce it on the log. Return in sentences what became impossible.

        Raises `CasesAffected` unless `confirm_cases` names the file number of each case that loses its letter.
        """
        affected = erasing.find_affected_cases(registry, learner, utc_today())
        if unnamed := [case for case in affected if case.file_number not in confirm_cases]:
            raise erasing.CasesAffected(
                f"{' '.join(map(str, unnamed))} Nothing was erased. To erase the learner in spite of this, name their"
                " file numbers in `confirmCases`",
                "$.confirmCases",
            )
        with views.connect(self._dsn) as connection:
            credentials = known_credentials(connection, [learner, *erasing.find_merged_learners(registry, learner)])
        warnings = [str(case) for case in affected]
        erasing.erase(registry, self._batch_store, learner, credentials=credentials, again=again)
        return warnings

    def find_deadline(self, registry: Registry) -> Deadline:
        """Return when the bytes of rows that are erased today are gone, and from where they are not."""
        return find_deadline(registry.connection, self._days, utc_today())
