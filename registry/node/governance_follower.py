"""Governance as this node knows it: members' standings as of any leaf, read on as the log grows."""

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import structlog

from consumers.governance.governance import Change, GovernanceFold, check_same
from consumers.governance.governance_reader import GovernanceReader
from projections.core import positions, views
from projections.fold import members
from registry.log import GOVERNANCE, ForeignLog, HistoryRewritten, LogError, LogGone, NoSuchStream, TailLost
from registry.log.founding import gone
from registry.rules.governance import MemberRecord
from registry.supervision import supervise

if TYPE_CHECKING:
    from registry.node.node import Node

_log = structlog.get_logger(__name__)
_FRESH: Final = 1.0
"""Seconds after which governance is read on."""
_AWAY: Final = 30.0
"""Seconds after which a log that was away is asked again by who does not follow it: each time costs a time limit."""


class GovernanceFollower:
    """Answers from one fold of governance. May be shared by threads.

    While a node serves, a thread reads on, and nobody who asks waits for the log; without that thread whoever asks
    reads on, where the last look is some seconds old. While the log is away, what was read last counts.
    """

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._reader = GovernanceReader(GovernanceFold(node.settings.consortium, node.settings.founded_hash))
        self._followed = False
        self._compared_with_views = False
        self._begun = threading.Event()
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self.error: LogError | None = None
        """Why the last look at the log failed, or found no governance; None where it did not."""

    def standings_at(self, member: str, leaf: int) -> tuple[str, str]:
        """A member's standing when it wrote a leaf, and now.

        Where this process has read nothing of the log, both are what the views have: its standing now.
        """
        fold = self.fold()
        record = (fold.state.members if fold.size else self._last_read()[1]).get(member)
        if record is None:
            return "unknown", "unknown"
        return record.standing_at(leaf), record.standing

    def fold(self) -> GovernanceFold:
        """Governance, some seconds old at most unless the log is away."""
        fresh = _FRESH if self.error is None else _AWAY
        if not self._followed and (self._read_at is None or time.monotonic() - self._read_at > fresh):
            self.read_on()
            self._begun.set()
        return self._reader.fold

    @property
    def size(self) -> int:
        """How many entries of governance are known here."""
        return self.fold().size or self._last_read()[0]

    def record(self, member: str) -> MemberRecord | None:
        """What governance says of a member; None where it knows none of that name.

        Where this process has read nothing of the log, it is what the views have. Raises the log's error where they
        have read nothing either, and where the log is there with less governance than was read here before, with
        none, or with another one: then it is not just away.
        """
        fold = self.fold()
        if isinstance(self.error, (TailLost, HistoryRewritten)):
            raise self.error
        if isinstance(self.error, NoSuchStream):
            raise self._gone(self.error, fold)
        if fold.size:
            return fold.state.members.get(member)
        size, records = self._last_read()
        if not size and self.error is not None:
            raise self.error
        return records.get(member)

    def _gone(self, error: NoSuchStream, fold: GovernanceFold) -> LogError:
        """The error that there is no governance on the log: was there ever?"""
        read = fold.size or self.read_views()[0]
        return gone(read, str(error)) if read and not isinstance(error, LogGone) else error

    def changes(self, member: str) -> list[Change]:
        """What governance said of a member, in its order; nothing where only the views tell."""
        return self.fold().changes.get(member, [])

    def _last_read(self) -> tuple[int, Mapping[str, MemberRecord]]:
        if self.error is None:
            return 0, {}  # the log was read, and holds nothing
        return self.read_views()

    def read_views(self) -> tuple[int, Mapping[str, MemberRecord]]:
        """How much of governance the views have read, and each member as it is there."""
        with views.connect(self._node.dsn()) as connection:
            return members.read_records(connection) if views.exist(connection) else (0, {})

    def _compare_with_views(self) -> None:
        """Raise `TailLost` or `HistoryRewritten` where the views have read a governance that the log does not hold.

        Once is enough: what this process has read itself never becomes less.
        """
        if self._compared_with_views:
            return
        self.compare_with_views(self._reader.fold)
        self._compared_with_views = True

    def compare_with_views(self, fold: GovernanceFold) -> None:
        """Raise `TailLost` or `HistoryRewritten` where a fold of the log does not hold what the views have read."""
        with views.connect(self._node.dsn()) as connection:
            known = positions.all_positions(connection).get(GOVERNANCE) if views.exist(connection) else None
        if known is not None:
            check_same(fold, known.tree)

    def follow(self, stop: threading.Event) -> None:
        """Begin to read on every few seconds, in a thread of its own, until told to stop."""
        self._followed = True
        threading.Thread(target=self._follow, args=(stop,), name="governance", daemon=True).start()

    def wait_for_first_read(self, seconds: float) -> bool:
        """Wait until it was read for the first time, at most this many seconds; return whether it was."""
        return self._begun.wait(seconds)

    def read_on(self) -> None:
        """Read what governance has said since. A log that is away is noted in `error`. Raises `ForeignLog`."""
        with self._lock:
            try:
                for _ in self._reader.follow(self._node.log()):
                    pass  # the reader folds what it reads
                self._compare_with_views()
            except ForeignLog as error:
                self.error = error
                raise
            except (NoSuchStream, TailLost, HistoryRewritten) as error:
                self.error = error  # nothing was founded yet, or the log is not the one that was read here
            except LogError as error:
                self.error = error
                _log.warning("governance.away", error=type(error).__name__)
            else:
                self.error = None
            finally:
                self._read_at = time.monotonic()

    def _follow(self, stop: threading.Event) -> None:
        # Whatever goes wrong, requests are answered from what is known, and the next round tries again.
        supervise(
            "reading governance", self._read_once, stop,
            pause_seconds=_FRESH, retry_seconds=_FRESH, survives_faults=True,
        )  # fmt: skip

    def _read_once(self) -> None:
        try:
            self.read_on()
        finally:
            self._begun.set()
