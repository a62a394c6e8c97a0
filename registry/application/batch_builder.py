"""Building a batch: from what a university asks for to the events and vault rows that are to be stored.

Nothing is stored here. A row's own id is stored with its credential, so a row that is sent again with the same content
is the same credential.
"""

from collections.abc import Collection, Sequence

from registry.application.acceptance import NotAccepted
from registry.application.achievement_states import AchievementStates
from registry.application.new_request import NewRequest
from registry.application.new_rows import NewRows
from registry.application.prepared_batch import EarlierBatches, PreparedBatch
from registry.application.records import find_records
from registry.application.refusals import Refusals
from registry.application.registry import Registry
from registry.application.repeated_rows import compare_with_record, compare_with_row
from registry.application.requests import IssueRequest, NotIssued, Outcome
from registry.domain.parts import PartChecker


class BatchBuilder:
    """Builds batches for one node. For one thread at a time."""

    def __init__(self, registry: Registry, parts: PartChecker | None) -> None:
        """`parts` checks parts against the views. Without it only the university's own parts are checked."""
        self._registry = registry
        self._parts = parts
        self._achievements = AchievementStates(registry)

    def prepare(
        self, requests: Sequence[IssueRequest], before: EarlierBatches | None, override: Collection[str] = ()
    ) -> PreparedBatch:
        """Build a batch of these requests. `before` is what came before it and may not be stored yet.

        Identifiers and names are normalised here, whichever way the requests came in.
        """
        vault = self._registry.vault
        rows = [NewRequest(vault, place, request) for place, request in enumerate(requests)]
        records = find_records(self._registry, [key for row in rows for key in row.records])
        if before is not None:
            records |= before.find_records(key for row in rows for key in row.records)
        refusals = self._registry.checker.find_refusals()
        outcomes: dict[int, Outcome] = {}
        new: list[NewRequest] = []
        first: dict[bytes, int] = {}
        for row in rows:
            if (record := row.find_among(records)) is not None:
                outcomes[row.place] = compare_with_record(row, record, refusals)
            elif first.setdefault(row.record, row.place) == row.place:
                if (fault := row.request.fault()) is not None:
                    outcomes[row.place] = NotIssued(row.request.record, "invalid", *fault)
                else:
                    new.append(row)
        batch = self._build(new, before, override, refusals, outcomes)
        for row in rows:
            if row.place not in outcomes:  # the same row id twice in one batch
                earlier = rows[first[row.record]]
                outcomes[row.place] = compare_with_row(row, earlier, outcomes[earlier.place])
        batch.outcomes.extend(outcomes[place] for place in range(len(requests)))
        return batch

    def _build(
        self,
        rows: Sequence[NewRequest],
        before: EarlierBatches | None,
        override: Collection[str],
        refusals: Refusals,
        outcomes: dict[int, Outcome],
    ) -> PreparedBatch:
        """Build the batch of the new rows, and add the outcome of each to `outcomes`, by its place."""
        if not rows:
            return PreparedBatch.empty()
        try:
            self._registry.checker.check_accepted({"credential.issued.v1"})
        except NotAccepted as refusal:
            outcomes.update(
                (row.place, NotIssued(row.request.record, refusal.code, "", refusal.explanation, accepted=False))
                for row in rows
            )
            return PreparedBatch.empty()
        states, expected = self._achievements.read({row.request.achievement for row in rows})
        if before is not None:
            states = {**before.offered, **states}
        new_rows = NewRows(self._registry, self._parts, override, refusals, before, outcomes)
        batch = new_rows.build(rows, states)
        batch.expected.update(expected)
        return batch
