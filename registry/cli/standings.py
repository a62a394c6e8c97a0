"""Governance as a serving node knows it: members' standings as of any leaf, read on as the log grows."""

import threading
import time

import structlog

from consumers.governance import GovernanceFold
from registry.cli.context import Node
from registry.log import GOVERNANCE, LogError, NoSuchStream

_log = structlog.get_logger(__name__)
_FRESH = 5.0
_NEVER = float("-inf")


class Standings:
    """Answers from a fold of governance that is read on every few seconds. May be shared by threads.

    Whoever asks first waits until it was read; after that a thread of its own reads on, and all answer from what is
    known meanwhile, as they do while the log is away.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._read = _NEVER
        self._next = 0
        self._fold = GovernanceFold(node.settings.consortium, node.settings.founded_hash)

    def of(self, member: str, leaf: int) -> tuple[str, str]:
        """A member's standing when it wrote a leaf, and now."""
        record = self.fold().state.members.get(member)
        if record is None:
            return "unknown", "unknown"
        return record.standing_at(leaf), record.standing

    def fold(self) -> GovernanceFold:
        """Governance."""
        if self._read == _NEVER:
            with self._lock:
                if self._read == _NEVER:
                    self._read_on()
        elif time.monotonic() - self._read > _FRESH and self._lock.acquire(blocking=False):
            threading.Thread(target=self._read_on_and_release, name="governance", daemon=True).start()
        return self._fold

    def _read_on_and_release(self) -> None:
        try:
            self._read_on()
        finally:
            self._lock.release()

    def _read_on(self) -> None:
        try:
            for record in self._node.log().records(GOVERNANCE, self._next):
                self._fold.take(record.data)
                self._next = record.next
        except NoSuchStream:
            pass  # nothing was founded yet
        except LogError as error:
            _log.warning("governance.away", error=type(error).__name__)
        self._read = time.monotonic()
