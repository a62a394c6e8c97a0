"""Read, verify, fold, write: the views follow the log (docs/decisions/0002, docs/decisions/0003).

A member's rows and its position change in one transaction, and the position's row is locked in it: a second
projector waits, sees that the position moved, and goes on from there. Killed anywhere, a projector resumes
from what was committed. When an event of governance changes the verdict on what was folded already,
that member's rows are rolled back to the newest waypoint that is still valid, and folded again from there, or from
the first record, in one transaction, while readers see the old rows.
"""

import threading
import time
from collections.abc import Callable

import msgspec
import structlog
from psycopg import Connection

from consumers.disputes import disputed_heads
from consumers.disputes.disputes import Disputes
from consumers.governance.governance import GovernanceFold
from consumers.governance.governance_rows import GovernanceRows
from consumers.projecting.feed_updater import FeedUpdater
from consumers.projecting.log_faults import LOST, LostStream, join_faults, next_pause
from consumers.streams import quarantine
from consumers.streams.cursor import Cursor, Mark, confirm, still_stands
from consumers.streams.progress import NOTHING, Progress
from consumers.streams.stream import BATCH_BYTES, WAYPOINT, Batch, ahead, batches
from consumers.streams.verifier import MemberTrust
from projections.core import positions, views
from projections.core.positions import GOVERNANCE, Position
from projections.feed.collector import NoticeCollector
from projections.fold.fold import fold
from projections.fold.rollback import roll_back
from registry.log import (
    ForeignLog,
    LogError,
    LogGone,
    NoSuchStream,
    SharedLog,
    TailLost,
)
from registry.rules.governance import MemberRecord

_log = structlog.get_logger(__name__)


OnBatch = Callable[[str, int, int], None]
"""Receives a member, its new tree size and the position that was reached, after each batch."""


OnStep = Callable[[Progress, float, bool], None]
"""Receives what each step brought, the seconds that it took, and whether all streams were read without a fault."""


class _Stopped(Exception):
    """The projector is to stop while it folds a member again."""


class _Doubt(Exception):
    """The first record that was read is refused: reading may have gone on at a wrong place."""


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
        feed_updater: FeedUpdater | None = None,
        waypoint: int = WAYPOINT,
        on_fault: Callable[[LogError], None] = lambda _: None,
    ) -> None:
        """`connection` uses one set of views (see `views.use`); `members` is true of the members to follow.

        `waypoint` is the number of leaves between the sizes to which the rows can be rolled back.
        `feed_updater` keeps feeds with the rows, on the same connection; a rebuild has none.
        `run` passes to `on_fault` what is wrong with the log, once for each message.
        """
        self._connection = connection
        self._log = log
        self._mine = members
        self._on_batch = on_batch
        self._batch_bytes = batch_bytes
        self._feed_updater = feed_updater
        self._waypoint = waypoint
        self._on_fault = on_fault
        self._governance = GovernanceRows(connection, log, GovernanceFold(consortium, founded), batch_bytes)
        self._confirmed: set[str] = set()
        """Members whose position was checked against the log."""
        self._marks: dict[str, Mark] = {}
        """The newest record that was read of each member's stream."""
        self._lost: dict[str, LostStream] = {}
        """Members whose stream lacks entries that were read of it."""
        self._disputes = Disputes(connection, log, members)
        self._stopping = threading.Event()

    @property
    def governance(self) -> GovernanceFold:
        """Governance as far as it was read."""
        return self._governance.fold

    def step(self) -> Progress:
        """Bring every stream's rows up to the log's present end; governance first.

        Raises `LogGone`, `ForeignLog`, or `NoSuchStream` before the founding, where nothing can be read. At its
        end, raises the worst fault of single streams with the messages of all: the views of all other streams are then
        up to date, and those streams keep what was read of them.
        """
        done, faults = self._pass()
        if faults:
            raise join_faults(faults)
        return done

    def _pass(self) -> tuple[Progress, list[LogError]]:
        """Do what `step` does; return the progress and the faults of single streams."""
        faults: list[LogError] = []
        done = NOTHING
        try:
            done = self._governance.follow()
        except (LogGone, ForeignLog):
            raise
        except LogError as error:
            if not self.governance.size:
                raise
            faults.append(error)
        for member in sorted(self.governance.state.members):
            if self._mine(member) and not self._stopping.is_set():
                try:
                    done += self._project(member)
                except LogError as error:
                    faults.append(error)
                except _Stopped:
                    break
        self._disputes.settle_some(self.governance.state, self.governance.size, self._stopping)
        if self._feed_updater is not None:
            self._feed_updater.daily()
        return done, faults

    def settle_all(self) -> None:
        """Compare all disputed heads with their streams, however long that takes."""
        self._disputes.settle_all(self.governance.state, self.governance.size, self._stopping)

    def run(
        self,
        stop: threading.Event,
        poll: float = 1.0,
        on_step: OnStep = lambda *_: None,
    ) -> None:
        """Follow the log until `stop` is set. Log each fault of the log once, and try again."""
        reported = ""
        self._stopping = stop
        while not stop.is_set():
            began = time.monotonic()
            try:
                progress, faults = self._pass()
            except LogError as error:
                progress, faults = NOTHING, [error]
            on_step(progress, time.monotonic() - began, not faults)
            if faults:
                fault = join_faults(faults)
                if str(fault) != reported:
                    reported = str(fault)
                    _log.error("projector.log_fault", error=reported)
                    self._on_fault(fault)
                stop.wait(poll)
                continue
            reported = ""
            if progress == NOTHING:
                self._log.wait(self.heads(), poll)

    def heads(self) -> dict[str, int]:
        """Return the position at which reading goes on in each stream."""
        all_positions = positions.all_positions(self._connection)
        heads = {
            m: all_positions[m].next if m in all_positions else 0
            for m in self.governance.state.members
            if self._mine(m)
        }
        return heads | {GOVERNANCE: self._governance.next}

    # Members

    def _project(self, member: str) -> Progress:
        changed = self.governance.state.members[member].changed
        before = self._lost.get(member)
        if before is not None:
            # A damaged record may have been repaired in place: the end alone does not show that.
            if (self._end(member), changed) == before.state and time.monotonic() < before.again_at:
                raise before.error
            self._confirmed.discard(member)
        try:
            done = self._read_or_find(member)
        except LOST as error:
            pause = next_pause(before)
            self._lost[member] = LostStream(error, (self._end(member), changed), time.monotonic() + pause, pause)
            raise
        self._lost.pop(member, None)
        return done

    def _read_or_find(self, member: str) -> Progress:
        try:
            return self._read(member)
        except (TailLost, NoSuchStream, _Doubt):
            # The file was cut or replaced, or the topic was made again: find the place of the head reached so far.
            self._confirmed.discard(member)
            return self._read(member, rewind=True)

    def _end(self, member: str) -> int:
        try:
            return self._log.end(member)
        except NoSuchStream:
            return -1

    def _read(self, member: str, *, rewind: bool = False) -> Progress:
        record = self.governance.state.members[member]
        trust = MemberTrust(self.governance.state.consortium, record)
        with self._connection.transaction():
            position = positions.lock(self._connection, member)
            if position.governance > self.governance.size:
                return NOTHING  # another process that has read more of governance was here
            if member not in self._confirmed or record.changed > position.governance:
                position, whole = self._confirm(position, trust, rewind=rewind)
                if not whole:
                    return self._fold_again(Position(member), record, trust)
            valid = self._newest_valid(position, record)
            if valid is not position:
                return self._fold_again(valid, record, trust)
            before, position = position, self._under_governance(position, record)
            if self._feed_updater is not None:
                if position is not before:
                    self._feed_updater.under_governance(before, position)
                self._feed_updater.catch_up(self._log, trust, position, record)
        done, first = NOTHING, True
        parts = ahead(
            batches(self._log, member, trust, position.tree, position.next, self._batch_bytes, self._waypoint)
        )
        for batch in parts:
            if first and batch.doubtful and not rewind and not self._at_mark(position):
                parts.close()
                raise _Doubt
            first = False
            if self._stopping.is_set():
                parts.close()
                break
            with self._connection.transaction():
                locked = positions.lock(self._connection, member)
                if (locked.next, locked.governance) != (batch.start, self.governance.size):
                    break  # another projector writes this member; the next step sees how far it came
                done += self._take(locked, record, batch)
        return done

    def _at_mark(self, position: Position) -> bool:
        """True if a position is right behind a record that this projector has read and that is still there."""
        mark = self._marks.get(position.member)
        if mark is None or mark.next != position.next:
            return position.next == 0
        return still_stands(self._log, position.member, mark)

    def _confirm(self, position: Position, trust: MemberTrust, *, rewind: bool) -> tuple[Position, bool]:
        """Check a position against the log, as `cursor.confirm` does, and save its new place.

        The second value is false if the stream must be folded from its beginning.
        """
        here = Cursor(position.tree, position.last, position.next)
        there = confirm(self._log, position.member, trust, here, rewind=rewind)
        self._confirmed.add(position.member)
        if there == here:
            return position, True
        _log.warning("projector.place_found_again", member=position.member, was=here.next, next=there.next)
        if there.last != here.last:
            positions.forget_waypoints(self._connection, position.member)
        if there.tree != here.tree:
            return position, False
        position = msgspec.structs.replace(position, last=there.last, next=there.next)
        positions.save(self._connection, position)
        return position, True

    def _newest_valid(self, position: Position, record: MemberRecord) -> Position:
        """Return the newest state that is still valid under newer governance: this position, or a waypoint's.

        A state is valid if every new anchor lies at or after its head, with the same root there, none of its events
        is voided, and no record before it was refused for a reason that governance may have changed. Only a record
        that names the size of a new anchor or a larger one can have been refused for such a reason.
        """
        if record.changed <= position.governance or position.next == 0:
            return position
        anchors = record.anchors[position.anchors :]
        sizes = [anchor.size for anchor in anchors] + [begin for begin, _ in record.voided[position.voids :]]
        first = quarantine.first_open(self._connection, position.member, min(anchor.size for anchor in anchors))

        def holds(state: Position) -> bool:
            return (
                all(state.tree.size <= size for size in sizes)
                and all(a.size > state.tree.size or a.root_bytes == state.tree.root for a in anchors)
                and (first is None or state.next <= first)
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

    def _fold_again(self, start: Position, record: MemberRecord, trust: MemberTrust) -> Progress:
        member, size = start.member, start.tree.size
        self._disputes.begin_again(member)
        _log.info("projector.folding_again", member=member, governance=self.governance.size, begins=size)
        if size:
            roll_back(self._connection, member, size, start.next)
        else:
            views.forget(self._connection, member)
        position = self._under_governance(start, record)
        done = NOTHING
        collector = None if self._feed_updater is None else self._feed_updater.collect(member)
        for batch in ahead(
            batches(self._log, member, trust, start.tree, start.next, self._batch_bytes, self._waypoint)
        ):
            if self._stopping.is_set():
                raise _Stopped  # the transaction is rolled back, and the next start folds again
            done += self._take(position, record, batch, collector)
            position = positions.lock(self._connection, member)
        if self._feed_updater is not None and collector is not None:
            self._feed_updater.write(collector, position, again_from=size)
        return done

    def _take(
        self,
        position: Position,
        record: MemberRecord,
        batch: Batch,
        collector: NoticeCollector | None = None,
    ) -> Progress:
        """Write a batch, in the caller's transaction; `collector` collects the notices that are written at its end."""
        connection, member = self._connection, position.member
        after, passed = position, list[Position]()
        if batch.commits:
            marked = {waypoint.tree.size for waypoint in batch.waypoints}
            after, passed = fold(connection, record, position, batch.commits, marked)
        last = position.last if batch.last is None else batch.last
        after = msgspec.structs.replace(after, tree=batch.tree, next=batch.next, last=last)
        positions.save(connection, after)
        self._marks[member] = batch.mark
        if self._feed_updater is not None:
            if collector is not None:
                self._feed_updater.add(collector, batch.commits)
            elif batch.commits:
                self._feed_updater.write(self._feed_updater.collect(member, batch.commits), after)
        positions.keep_waypoints(connection, passed)
        quarantine.keep(connection, batch.quarantined)
        for note, code, place in batch.disputed:
            disputed_heads.keep(connection, member, note, code, place)
        if batch.disputed or batch.commits:
            self._disputes.may_have(member)
        events = batch.tree.size - position.tree.size
        _log.debug("projector.batch", member=member, size=batch.tree.size, events=events)
        if batch.quarantined:
            _log.warning("projector.quarantined", member=member, records=len(batch.quarantined))
        if self._on_batch is not None:
            self._on_batch(member, batch.tree.size, batch.next)
        return Progress(events, len(batch.commits), len(batch.quarantined))
