"""Governance in the views: followed on the log, folded in memory, and written where it has something new."""

import msgspec
from psycopg import Connection

from consumers.disputes import disputed_heads
from consumers.governance.governance import GovernanceFold, RefusedLeaf, check_log_of, check_same
from consumers.governance.governance_reader import GovernanceReader, JudgedRecord
from consumers.streams import quarantine
from consumers.streams.progress import NOTHING, Progress
from consumers.streams.quarantine import Quarantined
from consumers.streams.verifier import DISPUTABLE, OK, REPEAT
from projections.core import positions
from projections.core.copy import copy, line
from projections.fold.members import write_members
from registry.log import GOVERNANCE, SharedLog
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import root_of


class GovernanceRows:
    """Follows governance for one set of views. It is read from its beginning at every start."""

    def __init__(self, connection: Connection, log: SharedLog, fold: GovernanceFold, batch_bytes: int) -> None:
        self._connection = connection
        self._log = log
        self._batch_bytes = batch_bytes
        self._reader = GovernanceReader(fold)

    @property
    def fold(self) -> GovernanceFold:
        """Governance as far as it was read."""
        return self._reader.fold

    @property
    def next(self) -> int:
        """The position at which reading goes on."""
        return self._reader.next

    def follow(self) -> Progress:
        """Read to the log's present end, and write what is new.

        Raises `LogGone`, `TailLost` or `HistoryRewritten` where the log no longer holds what the views have read of
        it, and `ForeignLog` where it is of another founding. What the views have is kept.
        """
        done = NOTHING
        position = positions.all_positions(self._connection).get(GOVERNANCE)
        if position is not None and position.tree.size > self.fold.size:
            check_log_of(self._log, self.fold, position.tree.size)
        for fold, records in self._reader.follow(self._log, self._batch_bytes):
            done += self._take(fold, records)
        if position is not None:
            check_same(self.fold, position.tree)
        return done

    def _take(self, fold: GovernanceFold, records: list[JudgedRecord]) -> Progress:
        """Write what is new in a batch; `fold` is governance after it."""
        quarantined: list[Quarantined] = []
        refused: list[RefusedLeaf] = []
        notes: list[tuple[SignedNote, str, int]] = []
        commits = 0
        for record, verdict, leaves in records:
            refused += leaves
            commits += verdict.code == OK
            if verdict.code not in (OK, REPEAT):
                size = verdict.commit.checkpoint.size if verdict.commit is not None else None
                quarantined.append(
                    Quarantined(GOVERNANCE, record.position, verdict.code, verdict.detail, record.data, size)
                )
                if verdict.code in DISPUTABLE and verdict.commit is not None:
                    notes.append((verdict.commit.note, verdict.code, record.position))
        with self._connection.transaction():
            new = self._write(fold, records[-1].record.next, quarantined, refused, notes)
        # Governance is read from its beginning at every start; only events that the views did not have are counted.
        return Progress(new, commits if new else 0, len(quarantined) if new else 0)

    def _write(
        self,
        fold: GovernanceFold,
        following: int,
        quarantined: list[Quarantined],
        refused: list[RefusedLeaf],
        notes: list[tuple[SignedNote, str, int]],
    ) -> int:
        """Write governance, its refused events and its quarantine; return the number of events that are new."""
        position = positions.lock(self._connection, GOVERNANCE)
        if fold.size >= position.tree.size:
            check_same(fold, position.tree)
        before = self._connection.execute("SELECT leaf FROM refusals WHERE member = %s", (GOVERNANCE,)).fetchall()
        new = [leaf for leaf in refused if (leaf.leaf,) not in set(before)]
        copy(
            self._connection,
            "refusals",
            "member, leaf, code, path, detail, line",
            [line((GOVERNANCE, *leaf)) for leaf in new],
        )
        quarantine.keep(self._connection, quarantined)
        for note, code, place in notes:
            disputed_heads.keep(self._connection, GOVERNANCE, note, code, place)
        sizes = disputed_heads.open_sizes(self._connection, GOVERNANCE, fold.size)
        disputed_heads.settle(self._connection, GOVERNANCE, {size: root_of(fold.leaves[:size]) for size in sizes})
        if fold.size >= position.tree.size:
            write_members(self._connection, fold.state, fold.contents)
            positions.save(
                self._connection,
                msgspec.structs.replace(
                    position, tree=fold.tree, governance=fold.size, next=following, skipped=fold.skipped
                ),
            )
        return max(0, fold.size - position.tree.size)
