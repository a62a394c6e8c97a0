"""Compares disputed heads with the tree of their stream, a bounded part of the stream at a time.

A member can sign as many heads as it likes, of any size, and each would cost every reader a part of the stream. All of
one member are settled in one reading, and a reader that has more to do reads a part and goes on later.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from consumers.streams.stream import REPLAY_BYTES, Waypoint, read_on
from consumers.streams.verifier import OK, Trust, Verifier
from registry.log import SharedLog, TailLost

MAX_RECORDS: Final = 4096
"""Records that are verified at once; at most one read's worth (`REPLAY_BYTES`) more."""


class Settling:
    """One reading of a stream for the tree's own roots at some sizes that it has passed."""

    def __init__(self, log: SharedLog, member: str, trust: Trust, start: Waypoint, sizes: Iterable[int]) -> None:
        """`start` lies before the smallest of the sizes, of which each is larger than 0."""
        self._log = log
        self._member = member
        self._verifier = Verifier(trust, start.tree)
        self._at = start.position
        self._wanted = sorted(set(sizes), reverse=True)

    @property
    def wanted(self) -> Collection[int]:
        """The sizes whose roots are not known yet."""
        return self._wanted

    def advance(self, most_records: int = MAX_RECORDS) -> dict[int, tuple[bytes, str]]:
        """Read on. Return the root at each size that was passed, and the note of the commit that reached it.

        Raises `TailLost` where the stream ends before the largest size.
        """
        roots: dict[int, tuple[bytes, str]] = {}
        read = 0
        while self._wanted and read < most_records:
            records = read_on(self._log, self._member, self._at, REPLAY_BYTES)
            if not records:
                raise TailLost(
                    f"the log of {self._member} no longer reaches {self._wanted[0]:,} entries: it lost its end while it"
                    " was read"
                )
            for record in records:
                before = self._verifier.tree
                verdict = self._verifier.judge(record.data)
                if verdict.code != OK or verdict.commit is None:
                    continue
                while self._wanted and self._wanted[-1] <= self._verifier.tree.size:
                    size = self._wanted.pop()
                    root = before.extend(verdict.leaves[: size - before.size]).root
                    roots[size] = root, str(verdict.commit.note)
                if not self._wanted:
                    break
            read += len(records)
            self._at = records[-1].next
        return roots


def roots_at(
    log: SharedLog, member: str, trust: Trust, waypoints: Sequence[Waypoint], sizes: Collection[int]
) -> dict[int, tuple[bytes, str]]:
    """Return, for sizes that the tree has passed, its root and the note of the commit that reached it.

    The stream is read once, from the last waypoint before the smallest size. Raises `TailLost`.
    """
    first = min(sizes)
    start = next(point for point in reversed(waypoints) if point.tree.size < first or not point.tree.size)
    settling = Settling(log, member, trust, start, sizes)
    roots: dict[int, tuple[bytes, str]] = {}
    while settling.wanted:
        roots |= settling.advance()
    return roots


def root_at(log: SharedLog, member: str, trust: Trust, waypoints: Sequence[Waypoint], size: int) -> tuple[bytes, str]:
    """Return the tree's root at a size that it has passed, and the note of the commit that reached it."""
    return roots_at(log, member, trust, waypoints, {size})[size]
