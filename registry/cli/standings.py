"""Governance as a serving node knows it: members' standings as of any leaf, read on as the log grows."""

import threading

import structlog

from consumers.governance import GovernanceFold
from registry.cli.context import Node
from registry.log import GOVERNANCE, LogError, NoSuchStream

_log = structlog.get_logger(__name__)
_FRESH = 5.0


class Standings:
    """Answers from a fold of governance: read once, when first asked, or followed by a thread while a node serves.

    Where it is followed it may be shared by threads, is some seconds old at most (but while the log is away), and
    nobody who asks waits for the log.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._next = 0
        self._fold = GovernanceFold(node.settings.consortium, node.settings.founded_hash)
        self._followed = False
        self._begun = threading.Event()

    def of(self, member: str, leaf: int) -> tuple[str, str]:
        """A member's standing when it wrote a leaf, and now."""
        record = self.fold().state.members.get(member)
        if record is None:
            return "unknown", "unknown"
        return record.standing_at(leaf), record.standing

    def fold(self) -> GovernanceFold:
        """Governance."""
        if not self._followed and not self._begun.is_set():
            self._read_on()
            self._begun.set()
        return self._fold

    def follow(self, stop: threading.Event) -> None:
        """Begin to read on every few seconds, in a thread of its own, until told to stop."""
        self._followed = True
        threading.Thread(target=self._follow, args=(stop,), name="governance", daemon=True).start()

    def begun(self, seconds: float) -> bool:
        """Wait until it was read for the first time, but no longer than so many seconds; whether it was."""
        return self._begun.wait(seconds)

    def _follow(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._read_on()
            except Exception:  # noqa: BLE001 - whatever it was: what is known is answered from, the next round tries again
                _log.exception("governance.unread")
            self._begun.set()
            stop.wait(_FRESH)

    def _read_on(self) -> None:
        try:
            for record in self._node.log().records(GOVERNANCE, self._next):
                self._fold.take(record.data)
                self._next = record.next
        except NoSuchStream:
            pass  # nothing was founded yet
        except LogError as error:
            _log.warning("governance.away", error=type(error).__name__)
