"""Governance as this node knows it: members' standings at any leaf, followed as the log grows."""

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
from registry.log.founding import build_log_gone
from registry.rules.governance import MemberRecord
from registry.supervision import supervise

if TYPE_CHECKING:
    from registry.node.node import Node

_log = structlog.get_logger(__name__)
_FRESH_SECONDS: Final = 1.0
"""Age at which governance is read again."""
_AWAY_SECONDS: Final = 30.0
"""Pause before a process without the thread reads an unavailable log again: each attempt costs a timeout."""


class GovernanceFollower:
    """Answers from one fold of governance. May be shared by threads.

    While a node serves, a thread follows governance, and no caller waits for the log. Without that thread, a call reads
    on if the last reading is some seconds old. While the log is away, the last reading counts.
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
        """The error of the last reading, also where it found no governance; None if it succeeded."""

    def standings_at(self, member: str, leaf: int) -> tuple[str, str]:
        """Return a member's standing when it wrote a leaf, and its standing now.

        If this process has read nothing of the log, both are the current standing in the views.
        """
        fold = self.fold()
        record = (fold.state.members if fold.size else self._last_read()[1]).get(member)
        if record is None:
            return "unknown", "unknown"
        return record.standing_at(leaf), record.standing

    def fold(self) -> GovernanceFold:
        """Return governance, at most some seconds old unless the log is away."""
        fresh = _FRESH_SECONDS if self.error is None else _AWAY_SECONDS
        if not self._followed and (self._read_at is None or time.monotonic() - self._read_at > fresh):
            self.read_on()
            self._begun.set()
        return self._reader.fold

    @property
    def size(self) -> int:
        """The number of governance's entries that this process knows."""
        return self.fold().size or self._last_read()[0]

    def record(self, member: str) -> MemberRecord | None:
        """Return governance's record of a member; None for an unknown name.

        If this process has read nothing of the log, the record comes from the views. Raises the log's error if they
        have read nothing either, and if the log can be read, but has less governance than before, none, or another.
        """
        fold = self.fold()
        if isinstance(self.error, (TailLost, HistoryRewritten)):
            raise self.error
        if isinstance(self.error, NoSuchStream):
            raise self._explain_missing(self.error, fold)
        if fold.size:
            return fold.state.members.get(member)
        size, records = self._last_read()
        if not size and self.error is not None:
            raise self.error
        return records.get(member)

    def _explain_missing(self, error: NoSuchStream, fold: GovernanceFold) -> LogError:
        """Return the error for a log without governance, which depends on whether there was governance before."""
        read = fold.size or self.read_views()[0]
        return build_log_gone(read, str(error)) if read and not isinstance(error, LogGone) else error

    def changes(self, member: str) -> list[Change]:
        """Return governance's changes of a member, in order; empty if only the views are known."""
        return self.fold().changes.get(member, [])

    def _last_read(self) -> tuple[int, Mapping[str, MemberRecord]]:
        if self.error is None:
            return 0, {}  # the log was read, and is empty
        return self.read_views()

    def read_views(self) -> tuple[int, Mapping[str, MemberRecord]]:
        """Return how many entries of governance the views have read, and their record of each member."""
        with views.connect(self._node.dsn()) as connection:
            return members.read_records(connection) if views.exist(connection) else (0, {})

    def _compare_with_views(self) -> None:
        """Compare the fold with the views once: what this process has read itself never becomes less."""
        if self._compared_with_views:
            return
        self.compare_with_views(self._reader.fold)
        self._compared_with_views = True

    def compare_with_views(self, fold: GovernanceFold) -> None:
        """Raise `TailLost` or `HistoryRewritten` if a fold of the log lacks governance that the views have read."""
        with views.connect(self._node.dsn()) as connection:
            position = positions.all_positions(connection).get(GOVERNANCE) if views.exist(connection) else None
        if position is not None:
            check_same(fold, position.tree)

    def follow(self, stop: threading.Event) -> None:
        """Start the thread that reads on every second, until `stop` is set."""
        self._followed = True
        threading.Thread(target=self._follow, args=(stop,), name="governance", daemon=True).start()

    def wait_for_first_read(self, seconds: float) -> bool:
        """Wait for the end of the first reading, at most this many seconds; return True if it has ended."""
        return self._begun.wait(seconds)

    def read_on(self) -> None:
        """Read new entries of governance. An unavailable log is noted in `error`. Raises `ForeignLog`."""
        with self._lock:
            try:
                for _ in self._reader.follow(self._node.log()):
                    pass  # the reader folds what it reads
                self._compare_with_views()
            except ForeignLog as error:
                self.error = error
                raise
            except (NoSuchStream, TailLost, HistoryRewritten) as error:
                self.error = error  # nothing was founded yet, or this is not the log that was read before
            except LogError as error:
                self.error = error
                _log.warning("governance.away", error=type(error).__name__)
            else:
                self.error = None
            finally:
                self._read_at = time.monotonic()

    def _follow(self, stop: threading.Event) -> None:
        # Whatever goes wrong, callers get the last reading, and the next round tries again.
        supervise(
            "reading governance", self._read_once, stop,
            pause_seconds=_FRESH_SECONDS, retry_seconds=_FRESH_SECONDS, survives_faults=True,
        )  # fmt: skip

    def _read_once(self) -> None:
        try:
            self.read_on()
        finally:
            self._begun.set()
