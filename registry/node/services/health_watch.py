"""A node that watches itself: what is wrong is looked for every few seconds while it runs, and said when it appears."""

import threading
import time
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
"""The log is looked at less often: that costs reads of every stream."""
STALE_SECONDS: Final = 30.0
"""What was found longer ago than this says nothing about now."""
READINESS: Final = ("health", "database", "log", "own_stream", "publisher", "views")
"""The components that `/ready` answers for.

A member's standing and key, what is held back, and other members' streams are shown, and keep nobody from reading.
"""


class NotWell(Exception):
    """Something is wrong with this node that a command repairs; the message says what and which."""


class HealthWatch:
    """Looks at one node from a thread of its own."""

    def __init__(self, node: "Node", *, says: bool = False) -> None:
        """`says`: whether what is wrong is written to the log and kept as the last error; one process does it."""
        self._node = node
        self._says = says
        self._said: set[str] = set()
        self._warned: set[str] = set()
        self._earlier = EarlierLooks(node.settings.member)
        self._log: LogState | None = None
        self._log_at = 0.0
        self._lag = LagWatch()
        self._still: dict[str, str] = {}
        self.health: NodeHealth | None = None
        """As it was last seen; None before the first look, and while the database is away."""
        self._found: dict[str, list[str]] = {"health": ["the node has not looked at itself yet"]}
        self._looked_at = time.monotonic()

    @property
    def is_stale(self) -> bool:
        """Whether the last look is too long ago for what it found to be shown."""
        return time.monotonic() - self._looked_at > STALE_SECONDS

    @property
    def faults(self) -> dict[str, list[str]]:
        """All that is wrong, by component; `health` where that was not looked at, could not be, or is too long ago."""
        seconds = time.monotonic() - self._looked_at
        if seconds > STALE_SECONDS:
            stale = f"the node last looked at itself {seconds:.0f} seconds ago: the look at the log or database hangs"
            return {**self._found, "health": [stale]}
        return self._found

    def follow(self, stop: threading.Event) -> None:
        """Look every few seconds until told to stop."""
        threading.Thread(target=self._follow, args=(stop,), name="health", daemon=True).start()

    def look(self) -> None:
        """Look once."""
        try:
            with views.connect(self._node.dsn()) as connection:
                if self._log is None or time.monotonic() - self._log_at > LOG_SECONDS:
                    self._log, self._log_at = check_node_log(self._node, connection, self._earlier), time.monotonic()
                    self._still = self._lag.faults(self._node.unchecked_log(), all_positions(connection))
                self.health = check_node(self._node, connection, self._log)
        except DATABASE_ERRORS as error:
            self.health = None
            self._found = {"database": [str(error).strip().partition("\n")[0]]}
        else:
            self._found = dict(self.health.faults)
            for stream, fault in self._still.items():
                # A peer whose stream cannot be read on takes no node out of service.
                component = "views" if stream in (GOVERNANCE, self._node.settings.member) else "other_streams"
                self._found[component] = [*self._found.get(component, ()), fault]
        self._looked_at = time.monotonic()
        if self._says:
            self._say()

    def _follow(self, stop: threading.Event) -> None:
        def note_failure(error: Exception) -> None:
            self.health = None
            self._found = {"health": [f"the node could not look at itself: {type(error).__name__}: {error}"]}
            self._looked_at = time.monotonic()

        supervise(
            "watching the node's health", self.look, stop,
            pause_seconds=LOOK_SECONDS, retry_seconds=LOOK_SECONDS, survives_faults=True, on_error=note_failure,
        )  # fmt: skip

    def _say(self) -> None:
        """Say what is wrong now and was not before, and what is well again."""
        warnings = set() if self.health is None else set(self.health.warnings)
        for warning in sorted(warnings - self._warned):
            _log.warning("node.noticed", warning=warning)
        self._warned = warnings
        now = {sentence for found in self._found.values() for sentence in found}
        for component, sentences in self._found.items():
            for sentence in sentences:
                if sentence not in self._said:
                    _log.error("node.not_well", component=component, fault=sentence)
                    last_error.note(self._node.settings.home, component.replace("_", " "), NotWell(sentence))
        if self._said and not now:
            _log.warning("node.well_again")
        self._said = now
