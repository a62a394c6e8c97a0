"""The feed, kept by the projector: written with each batch, and caught up where the views ran ahead.

A rebuild fills fresh views without a feed. When they are served, the next step finds that the feed has looked at
less of a stream than the views hold, reads that part once more, and tells what it means; what has been told
already stays told once.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import structlog
from psycopg import Connection

from consumers.streams.cursor import goes_on
from consumers.streams.stream import batches
from consumers.streams.verifier import Trust
from projections.core import positions
from projections.core.positions import Position
from projections.feed import noticing
from projections.feed.causes import Causes
from projections.feed.noticing import Taken
from projections.fold.fold import Folded
from registry.log import SharedLog, TailLost
from registry.rules.governance import MemberRecord
from registry.wire.merkle import Tree

_log = structlog.get_logger(__name__)


def _today() -> date:
    return datetime.now(UTC).date()


class Feeding:
    """What a projector does for the feeds of some members."""

    def __init__(self, connection: Connection, owners: Iterable[str], today: Callable[[], date] = _today) -> None:
        """`owners` are the members whose feeds this node keeps; `today` gives the day in UTC."""
        self._connection = connection
        self._owners = frozenset(owners)
        self._today = today
        self._counted: date | None = None
        self._taken: dict[str, Taken] | None = None

    def causes(self, member: str, commits: Iterable[Folded] = ()) -> Causes:
        """What commits of a member may mean for the owners."""
        found = Causes(self._owners, member)
        self.add(found, commits)
        return found

    def add(self, causes: Causes, commits: Iterable[Folded]) -> None:
        """Add what further commits may mean."""
        for commit in commits:
            causes.take(commit.base, commit.tree.size, commit.events)

    def write(self, causes: Causes, position: Position, *, anew: int | None = None) -> None:
        """Write the notices, in the transaction that wrote the rows up to `position`; `anew` as in `notice`."""
        size, governance = position.tree.size, position.governance
        written = noticing.notice(self._connection, causes, governance, size=size, anew=anew)
        self._known()[causes.member] = Taken(size, governance)
        if written:
            _log.info("feed.noticed", member=causes.member, size=size, notices=written)

    def catch_up(self, log: SharedLog, trust: Trust, position: Position, record: MemberRecord) -> None:
        """Look at what the views hold of a stream and the feed has not looked at; the position is locked."""
        member = position.member
        wanted = Taken(position.tree.size, position.governance)
        if position.tree.size == 0 or self._known().get(member) == wanted:
            return
        self._taken = None  # another process may have been here
        before = self._known().get(member)
        if before == wanted:
            return
        # Governance may have taken the effect of what was told, while the views were folded without the feed.
        whole = before is not None and before.size > 0 and record.changed > before.governance
        start = 0 if before is None or whole else min(before.size, position.tree.size)
        causes = self.causes(member)
        if start < position.tree.size:
            for commits in self._again(log, member, trust, start, position.tree.size):
                self.add(causes, commits)
        self.write(causes, position, anew=0 if whole else None)

    def under_governance(self, before: Position, after: Position) -> None:
        """The views' rows stay as they are under what governance said since; so do the notices."""
        member = before.member
        if self._known().get(member) == Taken(before.tree.size, before.governance):
            self.write(self.causes(member), after)

    def daily(self) -> None:
        """Once a day, count what is told as counts."""
        today = self._today()
        if self._counted != today:
            noticing.count(self._connection, self._owners, today)
            self._counted = today

    def _known(self) -> dict[str, Taken]:
        if self._taken is None:
            self._taken = noticing.taken(self._connection)
        return self._taken

    def _again(self, log: SharedLog, member: str, trust: Trust, start: int, end: int) -> Iterable[list[Folded]]:
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
