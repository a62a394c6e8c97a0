"""Members' standings from governance, as of any leaf: read again when the views have read more of governance."""

import threading
import time

from registry.cli.context import Node, opened

_FRESH = 10.0


class Standings:
    """Answers from a fold of governance that is at most some seconds old. May be shared by threads."""

    def __init__(self, node: Node) -> None:
        self._home = node.settings.home
        self._lock = threading.Lock()
        self._read = float("-inf")
        self._fold = node.governance()

    def of(self, member: str, leaf: int) -> tuple[str, str]:
        """A member's standing when it wrote a leaf, and now."""
        with self._lock:
            now = time.monotonic()
            if now - self._read > _FRESH:
                with opened(self._home) as node:
                    self._fold = node.governance()
                self._read = now
        record = self._fold.state.members.get(member)
        if record is None:
            return "unknown", "unknown"
        return record.standing_at(leaf), record.standing
