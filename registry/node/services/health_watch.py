"""A node that watches itself: it checks its health every few seconds, and logs faults when they appear."""

import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from consumers.history.log_state import EarlierLooks
from projections.core import views
from projections.core.positions import all_positions
from registry.log import GOVERNANCE
from registry.node.health import last_error
from registry.node.health.health import LogState, NodeHealth, check_node, check_node_log
from registry.node.health.view_lag import LagWatch
from registry.supervision import DATABASE_ERRORS, supervise

if TYPE_CHECKING:
    from registry.node.node import Node

_log = structlog.get_logger(__name__)
LOOK_SECONDS: Final = 2.0
LOG_SECONDS: Final = 10.0
"""The log is checked less often: that reads every stream."""
STALE_SECONDS: Final = 30.0
"""Age after which the last check says nothing about now."""
READINESS: Final = ("health", "database", "log", "own_stream", "publisher", "views")
"""The components that `/ready` reports.

A member's standing and key, held events, and other members' streams are shown elsewhere: they prevent no reading.
"""


class NotWell(Exception):
    """A fault of this node. The message names it, and the command that repairs it."""


class HealthWatch:
    """Checks one node in a thread of its own."""

    def __init__(self, node: "Node", *, says: bool = False) -> None:
        """With `says`, faults are logged and the newest is kept as the last error; only one process does so."""
        self._node = node
        self._says = says
        self._reported: set[str] = set()
        self._warned: set[str] = set()
        self._earlier = EarlierLooks(node.settings.member)
        self._log: LogState | None = None
        self._log_at = 0.0
        self._lag = LagWatch()
        self._still: dict[str, str] = {}
        self.health: NodeHealth | None = None
        """The result of the last check; None before the first, and while the database is away."""
        self._faults: dict[str, list[str]] = {"health": ["the node has not checked itself yet"]}
        self._looked_at = time.monotonic()

    @property
    def is_stale(self) -> bool:
        """True if the last check is too old to be shown."""
        return time.monotonic() - self._looked_at > STALE_SECONDS

    def last_read(self, stream: str) -> datetime:
        """Return when the views last had all that the log had of a stream; at first, when the watch began."""
        return self._lag.last_read(stream)

    @property
    def faults(self) -> dict[str, list[str]]:
        """All faults by component; under `health`, that the node was not checked, or too long ago."""
        seconds = time.monotonic() - self._looked_at
        if seconds > STALE_SECONDS:
            stale = f"the node last checked itself {seconds:.0f} seconds ago: the check of the log or database hangs"
            return {**self._faults, "health": [stale]}
        return self._faults

    def follow(self, stop: threading.Event) -> None:
        """Start the thread that checks the node every few seconds, until `stop` is set."""
        threading.Thread(target=self._follow, args=(stop,), name="health", daemon=True).start()

    def look(self) -> None:
        """Check the node once."""
        try:
            with views.connect(self._node.dsn()) as connection:
                if self._log is None or time.monotonic() - self._log_at > LOG_SECONDS:
                    self._log, self._log_at = check_node_log(self._node, connection, self._earlier), time.monotonic()
                    self._still = self._lag.faults(self._node.unchecked_log(), all_positions(connection))
                self.health = check_node(self._node, connection, self._log)
        except DATABASE_ERRORS as error:
            self.health = None
            self._faults = {"database": [str(error).strip().partition("\n")[0]]}
        else:
            self._faults = dict(self.health.faults)
            for stream, fault in self._still.items():
                # Another member's stream that cannot be read takes no node out of service.
                component = "views" if stream in (GOVERNANCE, self._node.settings.member) else "other_streams"
                self._faults[component] = [*self._faults.get(component, ()), fault]
        self._looked_at = time.monotonic()
        if self._says:
            self._say()

    def _follow(self, stop: threading.Event) -> None:
        def note_failure(error: Exception) -> None:
            self.health = None
            self._faults = {"health": [f"the node could not check itself: {type(error).__name__}: {error}"]}
            self._looked_at = time.monotonic()

        supervise(
            "watching the node's health", self.look, stop,
            pause_seconds=LOOK_SECONDS, retry_seconds=LOOK_SECONDS, survives_faults=True, on_error=note_failure,
        )  # fmt: skip

    def _say(self) -> None:
        """Log new faults and warnings, and the end of all faults."""
        warnings = set() if self.health is None else set(self.health.warnings)
        for warning in sorted(warnings - self._warned):
            _log.warning("node.noticed", warning=warning)
        self._warned = warnings
        now = {sentence for sentences in self._faults.values() for sentence in sentences}
        for component, sentences in self._faults.items():
            for sentence in sentences:
                if sentence not in self._reported:
                    _log.error("node.not_well", component=component, fault=sentence)
                    self._note(component, sentence)
        if self._reported and not now:
            _log.warning("node.well_again")
        self._reported = now

    def _note(self, component: str, sentence: str) -> None:
        """Keep a fault as the last error; the publisher's own error is kept instead of that events wait because of it.

        Otherwise the next look would no longer find why the publisher is stopped.
        """
        home = self._node.settings.home
        before = last_error.read(home) if component == "publisher" else None
        if before is None or before.work != last_error.PUBLISHING or before.error not in sentence:
            last_error.note(home, component.replace("_", " "), NotWell(sentence))
