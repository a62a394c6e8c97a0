"""The feed as the projector writes it: with each batch, and afterwards where the views ran ahead.

A rebuild fills fresh views without a feed. When they are served, the next step finds that the feed covers less of a
stream than the views, reads that part again, and writes its notices. A notice that was written before is not repeated.
"""

from collections.abc import Callable, Iterable
from datetime import date

import structlog
from psycopg import Connection

from consumers.streams.cursor import goes_on
from consumers.streams.stream import batches
from consumers.streams.verifier import Trust
from projections.core import positions
from projections.core.positions import Position
from projections.feed import writer
from projections.feed.collector import NoticeCollector
from projections.feed.writer import FeedPosition
from projections.fold.fold import VerifiedCommit
from registry.log import SharedLog, TailLost
from registry.rules.governance import MemberRecord
from registry.wire.merkle import Tree
from registry.wire.today import utc_today

_log = structlog.get_logger(__name__)


class FeedUpdater:
    """Writes the feeds of some members for a projector."""

    def __init__(self, connection: Connection, owners: Iterable[str], today: Callable[[], date] = utc_today) -> None:
        """`owners` are the members whose feeds this node keeps; `today` returns the day in UTC."""
        self._connection = connection
        self._owners = frozenset(owners)
        self._today = today
        self._counted: date | None = None
        self._covered: dict[str, FeedPosition] | None = None

    def collect(self, member: str, commits: Iterable[VerifiedCommit] = ()) -> NoticeCollector:
        """Collect what commits of a member may mean for the owners."""
        collector = NoticeCollector(self._owners, member)
        self.add(collector, commits)
        return collector

    def add(self, collector: NoticeCollector, commits: Iterable[VerifiedCommit]) -> None:
        """Add what further commits may mean."""
        for commit in commits:
            collector.collect(commit.base, commit.tree.size, commit.events)

    def write(self, collector: NoticeCollector, position: Position, *, again_from: int | None = None) -> None:
        """Write the notices in the transaction that wrote the rows up to `position`.

        `again_from` has the meaning that it has in `write_notices`.
        """
        size, governance = position.tree.size, position.governance
        written = writer.write_notices(self._connection, collector, governance, size=size, again_from=again_from)
        self._load_covered()[collector.member] = FeedPosition(size, governance)
        if written:
            _log.info("feed.noticed", member=collector.member, size=size, notices=written)

    def catch_up(self, log: SharedLog, trust: Trust, position: Position, record: MemberRecord) -> None:
        """Write the notices of what the views hold of a stream and the feed does not cover; the position is locked."""
        member = position.member
        target = FeedPosition(position.tree.size, position.governance)
        if position.tree.size == 0 or self._load_covered().get(member) == target:
            return
        self._covered = None  # another process may have been here
        before = self._load_covered().get(member)
        if before == target:
            return
        # While the views were folded without the feed, governance may have taken the effect of events with notices.
        whole = before is not None and before.size > 0 and record.changed > before.governance
        start = 0 if before is None or whole else min(before.size, position.tree.size)
        collector = self.collect(member)
        if start < position.tree.size:
            for commits in self._read_rest(log, member, trust, start, position.tree.size):
                self.add(collector, commits)
        self.write(collector, position, again_from=0 if whole else None)

    def under_governance(self, before: Position, after: Position) -> None:
        """Note that the rows, and so the notices, stay as they are under newer governance."""
        member = before.member
        if self._load_covered().get(member) == FeedPosition(before.tree.size, before.governance):
            self.write(self.collect(member), after)

    def daily(self) -> None:
        """Write the notices that are counts, once a day."""
        today = self._today()
        if self._counted != today:
            writer.write_counts(self._connection, self._owners, today)
            self._counted = today

    def _load_covered(self) -> dict[str, FeedPosition]:
        if self._covered is None:
            self._covered = writer.read_feed_positions(self._connection)
        return self._covered

    def _read_rest(
        self, log: SharedLog, member: str, trust: Trust, start: int, end: int
    ) -> Iterable[list[VerifiedCommit]]:
        row = self._connection.execute(
            "SELECT size, hashes, position FROM waypoints WHERE member = %s AND size <= %s ORDER BY size DESC LIMIT 1",
            (member, start),
        ).fetchone()
        tree, place = (positions.unpack(row[0], row[1]), row[2]) if row is not None else (Tree(), 0)
        if not goes_on(log, member, tree, place):
            tree, place = Tree(), 0
        for batch in batches(log, member, trust, tree, place):
            yield [commit for commit in batch.commits if commit.tree.size > start and commit.tree.size <= end]
            if batch.tree.size >= end:
                return
        raise TailLost(f"the log of {member} no longer reaches {end:,} entries: it lost its end while it was read")
