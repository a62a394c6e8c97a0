"""Read, verify, fold, write: the views follow the log (DESIGN.md, Decisions 2 and 3).

A member's rows and its position change in one transaction, and the position's row is locked in it: a second
projector waits, sees that the position moved, and goes on from there. Killed anywhere, a projector resumes
from what was committed. Whenever governance says something about a member that bears on what was folded
already, that member's rows are rolled back to the newest waypoint that still holds, and folded again from
there, or from the first record, in one transaction, while readers see the old rows.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import structlog
from psycopg import Connection

from consumers import claims, quarantine
from consumers.feeding import Feeding
from consumers.governance import GovernanceFold, RefusedLeaf
from consumers.quarantine import Quarantined
from consumers.stream import BATCH_BYTES, WAYPOINT, Batch, ahead, batches
from consumers.verifier import CLAIMS, OK, REPEAT, MemberTrust, Verifier
from projections import positions, views
from projections.causes import Causes
from projections.copy import copy, line
from projections.fold import fold
from projections.members import write_members
from projections.positions import GOVERNANCE, Position
from projections.rollback import roll_back
from registry.log import SharedLog, TailLost
from registry.rules.governance import MemberRecord
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import Tree, root_of

_log = structlog.get_logger(__name__)


class Progress(NamedTuple):
    """What a pass over the streams came to."""

    events: int
    commits: int
    quarantined: int

    def __add__(self, other: object) -> "Progress":
        assert isinstance(other, Progress)  # noqa: S101 - tuples would concatenate
        return Progress(self.events + other.events, self.commits + other.commits, self.quarantined + other.quarantined)


NOTHING = Progress(0, 0, 0)
OnBatch = Callable[[str, int, int], None]
"""Told a member, its new tree size and the position that was reached, after each batch."""


class Projector:
    """Keeps one set of views up with one log. Not to be shared between threads."""

    def __init__(
        self,
        connection: Connection,
        log: SharedLog,
        consortium: str,
        founded: bytes,
        *,
        members: Callable[[str], bool] = lambda _: True,
        on_batch: OnBatch | None = None,
        batch_bytes: int = BATCH_BYTES,
        feeding: Feeding | None = None,
        waypoint: int = WAYPOINT,
    ) -> None:
        """`connection` means one set of views (see `views.use`); `members` says whose streams are this one's.

        `waypoint`: so many leaves lie between the sizes that the rows can be rolled back to.
        `feeding` keeps feeds with the rows, on the same connection; a rebuild has none.
        """
        self._connection = connection
        self._log = log
        self._mine = members
        self._on_batch = on_batch
        self._batch_bytes = batch_bytes
        self._feeding = feeding
        self._waypoint = waypoint
        self.governance = GovernanceFold(consortium, founded)
        self._governance_next = 0

    def step(self) -> Progress:
        """Bring every stream's rows up to the log's present end; governance first."""
        done = self._follow_governance()
        for member in sorted(self.governance.state.members):
            if self._mine(member):
                done += self._project(member)
        if self._feeding is not None:
            self._feeding.daily()
        return done

    def run(self, stop: threading.Event, poll: float = 1.0) -> None:
        """Follow the log until told to stop."""
        while not stop.is_set():
            if self.step() == NOTHING:
                self._log.wait(self.heads(), poll)

    def heads(self) -> dict[str, int]:
        """Where reading goes on in each stream."""
        known = positions.all_positions(self._connection)
        heads = {m: known[m].next if m in known else 0 for m in self.governance.state.members if self._mine(m)}
        return heads | {GOVERNANCE: self._governance_next}

    # Governance

    def _follow_governance(self) -> Progress:
        done = NOTHING
        while records := self._log.read(GOVERNANCE, self._governance_next, self._batch_bytes):
            kept: list[Quarantined] = []
            refused: list[RefusedLeaf] = []
            notes: list[tuple[SignedNote, str, int]] = []
            commits = 0
            for record in records:
                verdict, leaves = self.governance.take(record.data)
                refused += leaves
                commits += verdict.code == OK
                if verdict.code not in (OK, REPEAT):
                    size = verdict.commit.checkpoint.size if verdict.commit is not None else None
                    kept.append(
                        Quarantined(GOVERNANCE, record.position, verdict.code, verdict.detail, record.data, size)
                    )
                    if verdict.code in CLAIMS and verdict.commit is not None:
                        notes.append((verdict.commit.note, verdict.code, record.position))
            self._governance_next = records[-1].next
            with self._connection.transaction():
                new = self._write_governance(kept, refused, notes)
            # Governance is read from its beginning at every start; only what the views had not seen is news.
            done += Progress(new, commits if new else 0, len(kept) if new else 0)
        return done

    def _write_governance(
        self, kept: list[Quarantined], refused: list[RefusedLeaf], notes: list[tuple[SignedNote, str, int]]
    ) -> int:
        """Write what governance came to; gives how many of its events the views had not seen."""
        position = positions.lock(self._connection, GOVERNANCE)
        fold = self.governance
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
                    position,
                    tree=fold.tree,
                    governance=fold.size,
                    next=self._governance_next,
                    skipped=fold.skipped,
                ),
            )
        return max(0, fold.size - position.tree.size)

    # Members

    def _project(self, member: str) -> Progress:
        record = self.governance.state.members[member]
        trust = MemberTrust(f"{self.governance.state.consortium}/{member}", record)
        with self._connection.transaction():
            position = positions.lock(self._connection, member)
            if position.governance > self.governance.size:
                return NOTHING  # somebody who has read more of governance was here
            kept = self._still_holding(position, record)
            if kept is not position:
                return self._fold_again(kept, record, trust)
            before, position = position, self._under_governance(position, record)
            if self._feeding is not None:
                if position is not before:
                    self._feeding.under_governance(before, position)
                self._feeding.catch_up(self._log, trust, position, record)
        done = NOTHING
        parts = ahead(
            batches(self._log, member, trust, position.tree, position.next, self._batch_bytes, self._waypoint)
        )
        for batch in parts:
            with self._connection.transaction():
                locked = positions.lock(self._connection, member)
                if (locked.next, locked.governance) != (batch.start, self.governance.size):
                    break  # another projector is at this member; the next step sees where it came to
                done += self._take(locked, record, trust, batch)
        return done

    def _still_holding(self, position: Position, record: MemberRecord) -> Position:
        """The newest kept state that stays as it is under what governance has said since: this, or a waypoint's.

        It stays where every new anchor lies at or after the tree's head, with the same root there, nothing that was
        folded is voided, and no record before it was refused for a reason that governance may have changed, which
        only one that names the size of a new anchor or a larger one can have been.
        """
        if record.changed <= position.governance or position.next == 0:
            return position
        anchors = record.anchors[position.anchors :]
        sizes = [anchor.size for anchor in anchors] + [begin for begin, _ in record.voided[position.voids :]]
        first = quarantine.first_open(self._connection, position.member, min(anchor.size for anchor in anchors))

        def holds(kept: Position) -> bool:
            return (
                all(kept.tree.size <= size for size in sizes)
                and all(a.size > kept.tree.size or a.root_bytes == kept.tree.root for a in anchors)
                and (first is None or kept.next <= first)
            )

        if holds(position):
            return position
        return next(filter(holds, positions.waypoints(self._connection, position, min(sizes))), Position(record.name))

    def _under_governance(self, position: Position, record: MemberRecord) -> Position:
        if position.governance == self.governance.size:
            return position
        position = msgspec.structs.replace(
            position,
            governance=self.governance.size,
            anchors=len(record.anchors),
            voids=len(record.voided),
        )
        positions.save(self._connection, position)
        return position

    def _fold_again(self, kept: Position, record: MemberRecord, trust: MemberTrust) -> Progress:
        member, size = kept.member, kept.tree.size
        _log.info("projector.folding_again", member=member, governance=self.governance.size, begins=size)
        if size:
            roll_back(self._connection, member, size, kept.next)
        else:
            views.forget(self._connection, member)
        position = self._under_governance(kept, record)
        done = NOTHING
        causes = None if self._feeding is None else self._feeding.causes(member)
        for batch in ahead(batches(self._log, member, trust, kept.tree, kept.next, self._batch_bytes, self._waypoint)):
            done += self._take(position, record, trust, batch, causes)
            position = positions.lock(self._connection, member)
        if self._feeding is not None and causes is not None:
            self._feeding.write(causes, position, anew=size)
        return done

    def _take(
        self,
        position: Position,
        record: MemberRecord,
        trust: MemberTrust,
        batch: Batch,
        causes: Causes | None = None,
    ) -> Progress:
        """Let a batch take effect, in the caller's transaction; `causes` gathers what others are told at its end."""
        connection, member = self._connection, position.member
        after, passed = position, list[Position]()
        if batch.commits:
            marked = {waypoint.tree.size for waypoint in batch.waypoints}
            after, passed = fold(connection, record, position, batch.commits, marked)
        after = msgspec.structs.replace(after, tree=batch.tree, next=batch.next)
        positions.save(connection, after)
        if self._feeding is not None:
            if causes is not None:
                self._feeding.add(causes, batch.commits)
            elif batch.commits:
                self._feeding.write(self._feeding.causes(member, batch.commits), after)
        positions.keep_waypoints(connection, passed)
        quarantine.keep(connection, batch.quarantined)
        for note, code, place in batch.claims:
            claims.keep(connection, member, note, code, place)
        contradicted = claims.settle(connection, member, batch.tree, lambda size: self._root_at(member, trust, size))
        events = batch.tree.size - position.tree.size
        _log.debug("projector.batch", member=member, size=batch.tree.size, events=events)
        if batch.quarantined:
            _log.warning("projector.quarantined", member=member, records=len(batch.quarantined))
        if contradicted:
            _log.error("projector.fork_evidence", member=member, claims=contradicted)
        if self._on_batch is not None:
            self._on_batch(member, batch.tree.size, batch.next)
        return Progress(events, len(batch.commits), len(batch.quarantined))

    def _root_at(self, member: str, trust: MemberTrust, size: int) -> bytes:
        """The tree's root at a size that it has passed, from the waypoint before it and the log."""
        row = self._connection.execute(
            "SELECT size, hashes, position FROM waypoints WHERE member = %s AND size <= %s ORDER BY size DESC LIMIT 1",
            (member, size),
        ).fetchone()
        tree, start = (positions.unpack(row[0], row[1]), row[2]) if row is not None else (Tree(), 0)
        if tree.size == size:
            return tree.root
        verifier = Verifier(trust, tree)
        while records := self._log.read(member, start, self._batch_bytes):
            for record in records:
                before = verifier.tree
                verdict = verifier.judge(record.data)
                if verdict.code == OK and verifier.tree.size >= size:
                    return before.extend(verdict.leaves[: size - before.size]).root
            start = records[-1].next
        raise TailLost(f"the log of {member} no longer reaches {size} leaves: it lost its end while it was read")
