"""Readings that may hang: each is made in a thread of its own, and nobody waits for it longer than they like."""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import structlog

_log = structlog.get_logger(__name__)
T = TypeVar("T")
STALE_SECONDS: Final = 150.0
"""What was read longer ago than this is not shown in the place of a reading that is late.

It is more than two scrapes of Prometheus at its usual 60 seconds: a reading that is merely slow is no failure.
"""


class Latest(Generic[T]):
    """The newest reading of one source. At most one is under way, however many ask."""

    def __init__(self, name: str, read: Callable[[], T], close: Callable[[], None] = lambda: None) -> None:
        """`close` closes what `read` opened; it is called by `stop`, unless a reading hangs."""
        self._name = name
        self._read = read
        self._close = close
        self._lock = threading.Lock()
        self._done: threading.Event | None = None
        """Set when the reading that is under way ends; None where none is."""
        self._value: T | None = None
        self._read_at = 0.0
        self._failure = ""

    def get(self, seconds: float) -> T | None:
        """Read, and wait for it this many seconds; return what was read.

        Where it takes longer, return what was read before, at most `STALE_SECONDS` ago.
        None where there is nothing, or reading failed.
        """
        with self._lock:
            if self._done is None:
                self._done = threading.Event()
                threading.Thread(target=self._go, args=(self._done,), name=self._name, daemon=True).start()
            done = self._done
        done.wait(seconds)
        with self._lock:
            return self._value if time.monotonic() - self._read_at < STALE_SECONDS else None

    def stop(self, seconds: float = 1.0) -> None:
        """Close what was opened. A reading that hangs for longer keeps what it has; its thread keeps no process up."""
        with self._lock:
            done = self._done
        if done is None or done.wait(seconds):
            self._close()

    def _go(self, done: threading.Event) -> None:
        value, failure = None, ""
        try:
            value = self._read()
        except Exception as error:  # noqa: BLE001 - whatever it was: it is logged, and the page says that it is missing
            failure = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        if failure and failure != self._failure:
            _log.warning("metrics.not_read", source=self._name, error=failure)
        with self._lock:
            self._value, self._failure, self._read_at = value, failure, time.monotonic()
            self._done = None
        done.set()
