"""The disputed heads of a projector: which members have some, and their comparison with the streams, in turns."""

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
from psycopg import Connection

from consumers.disputes import disputed_heads
from consumers.disputes.settling import Settling
from consumers.streams.stream import Waypoint
from consumers.streams.verifier import MemberTrust
from projections.core import positions
from registry.log import GOVERNANCE, LogError, SharedLog
from registry.rules.governance import Governance
from registry.wire.merkle import Tree

_log = structlog.get_logger(__name__)
_PACE: Final = 5
_LONG_SECONDS: Final = 0.1
"""A member whose turn took longer waits `_PACE` times as long before its next one."""


class _Reading(NamedTuple):
    settling: Settling
    changed: int
    """The governance entry that last changed what counts of the member when the reading began."""


class Disputes:
    """Settles the disputed heads of one set of views. Not to be shared between threads."""

    def __init__(self, connection: Connection, log: SharedLog, mine: Callable[[str], bool]) -> None:
        """`mine` is true of the members whose rows the caller writes."""
        self._connection = connection
        self._log = log
        self._members = {member for member in disputed_heads.members_with_open(connection) if member != GOVERNANCE}
        self._members = set(filter(mine, self._members))
        self._readings: dict[str, _Reading] = {}
        self._next_turn: dict[str, float] = {}
        """The monotonic time before which a member has no turn."""

    def may_have(self, member: str) -> None:
        """Note that a member may have disputed heads to settle: some were kept, or its tree has grown past some."""
        self._members.add(member)

    def begin_again(self, member: str) -> None:
        """Forget how far a member's stream was read: its rows are folded again."""
        self._readings.pop(member, None)

    def settle_all(self, governance: Governance, version: int, stop: threading.Event) -> None:
        """Settle all that can be settled, however long that takes."""
        while self._members & governance.members.keys() and not stop.is_set():
            self.settle_some(governance, version, stop, paced=False)

    def settle_some(self, governance: Governance, version: int, stop: threading.Event, *, paced: bool = True) -> None:
        """Give each member that has disputed heads a turn: a bounded part of its stream is read.

        `version` is the size of governance. Without `paced`, no member waits for its turn. A stream that cannot be read
        leaves its heads as they are.
        """
        for member in sorted(self._members & governance.members.keys()):
            if stop.is_set():
                return
            begun = time.monotonic()
            if paced and begun < self._next_turn.get(member, 0):
                continue
            try:
                self._settle(member, governance, version)
            except LogError as error:
                _log.warning("projector.heads_not_comparable", member=member, error=str(error))
                self._forget(member)  # until more is read of it
            spent = time.monotonic() - begun
            self._next_turn[member] = begun + spent * (1 + _PACE) if spent > _LONG_SECONDS else 0

    def _forget(self, member: str) -> None:
        self._members.discard(member)
        self._readings.pop(member, None)

    def _settle(self, member: str, governance: Governance, version: int) -> None:
        reading = self._reading_of(member, governance)
        if reading is None:
            self._forget(member)
            return
        roots = reading.settling.advance()
        with self._connection.transaction():
            if positions.lock(self._connection, member).governance > version:
                return  # another process that has read more of governance was here
            contradicted = disputed_heads.settle(
                self._connection, member, {size: root for size, (root, _) in roots.items()}
            )
        if not reading.settling.wanted:
            self.begin_again(member)
        if contradicted:
            _log.error("projector.fork_evidence", member=member, heads=contradicted)

    def _reading_of(self, member: str, governance: Governance) -> _Reading | None:
        """The reading that goes on, or a new one; None where there is nothing to settle."""
        record, reading = governance.members[member], self._readings.get(member)
        if reading is not None and reading.changed == record.changed:
            return reading
        position = positions.all_positions(self._connection).get(member)
        sizes = [] if position is None else disputed_heads.open_sizes(self._connection, member, position.tree.size)
        if not sizes:
            return None
        trust = MemberTrust(governance.consortium, record)
        start = self._waypoint_before(member, sizes[0])
        reading = _Reading(Settling(self._log, member, trust, start, sizes), record.changed)
        self._readings[member] = reading
        return reading

    def _waypoint_before(self, member: str, size: int) -> Waypoint:
        """The newest waypoint before a size whose place the log still has; else the beginning."""
        row = self._connection.execute(
            "SELECT size, hashes, position FROM waypoints WHERE member = %s AND size < %s ORDER BY size DESC LIMIT 1",
            (member, size),
        ).fetchone()
        if row is None or row[2] > self._log.end(member):
            return Waypoint(Tree(), 0)
        return Waypoint(positions.unpack(row[0], row[1]), row[2])
