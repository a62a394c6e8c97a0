"""Governance as the views keep it: followed on the log, folded in memory, and written where it says something new."""

import msgspec
from psycopg import Connection

from consumers import claims, quarantine
from consumers.governance import GovernanceFold, RefusedLeaf, check_same, gone, read_again
from consumers.progress import NOTHING, Progress
from consumers.quarantine import Quarantined
from consumers.verifier import CLAIMS, OK, REPEAT
from projections import positions
from projections.copy import copy, line
from projections.members import write_members
from registry.log import GOVERNANCE, ForeignLog, LogGone, NoSuchStream, Record, SharedLog, TailLost
from registry.rules.founding import LOOKED_AT, foreign
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import root_of


class GovernanceRows:
    """Follows governance for one set of views. It is read from its beginning at every start."""

    def __init__(self, connection: Connection, log: SharedLog, fold: GovernanceFold, batch_bytes: int) -> None:
        self._connection = connection
        self._log = log
        self._batch_bytes = batch_bytes
        self.fold = fold
        self.next = 0
        """Where reading goes on."""

    def follow(self) -> Progress:
        """Read to the log's present end, and write what is new.

        Raises `LogGone`, `TailLost` or `HistoryRewritten` where the log no longer holds what the views have read of
        it, and `ForeignLog` where it is of another founding. What the views have is kept.
        """
        done = NOTHING
        known = positions.all_positions(self._connection).get(GOVERNANCE)
        try:
            while records := self._read():
                done += self._take(records)
        except NoSuchStream as error:
            if known is None or not known.tree.size:
                raise
            raise LogGone(gone(known.tree.size, error)) from error
        if not self.fold.size:
            self._raise_if_foreign()
        if known is not None:
            check_same(self.fold, known.tree)
        return done

    def _raise_if_foreign(self) -> None:
        records = [record.data for record in self._log.read(GOVERNANCE)[:LOOKED_AT]]
        if (other := foreign(records, self.fold.state.consortium, self.fold.founded)) is not None:
            raise ForeignLog(other)

    def _read(self) -> list[Record]:
        try:
            return self._log.read(GOVERNANCE, self.next, self._batch_bytes)
        except TailLost:
            self.fold, self.next = read_again(self._log, self.fold)
            return []

    def _take(self, records: list[Record]) -> Progress:
        kept: list[Quarantined] = []
        refused: list[RefusedLeaf] = []
        notes: list[tuple[SignedNote, str, int]] = []
        commits = 0
        for record in records:
            verdict, leaves = self.fold.take(record.data)
            refused += leaves
            commits += verdict.code == OK
            if verdict.code not in (OK, REPEAT):
                size = verdict.commit.checkpoint.size if verdict.commit is not None else None
                kept.append(Quarantined(GOVERNANCE, record.position, verdict.code, verdict.detail, record.data, size))
                if verdict.code in CLAIMS and verdict.commit is not None:
                    notes.append((verdict.commit.note, verdict.code, record.position))
        self.next = records[-1].next
        if self.fold.size and kept and kept[0].position == records[0].position:
            # Garbage, or a place that is wrong since the bytes before it changed: the first record on tells.
            again, following = read_again(self._log, self.fold)
            if again.size > self.fold.size:
                self.fold, self.next = again, following
        with self._connection.transaction():
            new = self._write(kept, refused, notes)
        # Governance is read from its beginning at every start; only what the views had not seen is news.
        return Progress(new, commits if new else 0, len(kept) if new else 0)

    def _write(
        self, kept: list[Quarantined], refused: list[RefusedLeaf], notes: list[tuple[SignedNote, str, int]]
    ) -> int:
        """Write what governance came to; return how many of its events the views had not seen."""
        position = positions.lock(self._connection, GOVERNANCE)
        fold = self.fold
        if fold.size >= position.tree.size:
            check_same(fold, position.tree)
        known = self._connection.execute("SELECT leaf FROM refusals WHERE member = %s", (GOVERNANCE,)).fetchall()
        new = [leaf for leaf in refused if (leaf.leaf,) not in set(known)]
        copy(
            self._connection,
            "refusals",
            "member, leaf, code, path, detail, line",
            [line((GOVERNANCE, *leaf)) for leaf in new],
        )
        quarantine.keep(self._connection, kept)
        for note, code, place in notes:
            claims.keep(self._connection, GOVERNANCE, note, code, place)
        claims.settle(self._connection, GOVERNANCE, fold.tree, lambda size: root_of(fold.leaves[:size]))
        if fold.size >= position.tree.size:
            write_members(self._connection, fold.state, fold.contents)
            positions.save(
                self._connection,
                msgspec.structs.replace(
                    position, tree=fold.tree, governance=fold.size, next=self.next, skipped=fold.skipped
                ),
            )
        return max(0, fold.size - position.tree.size)
