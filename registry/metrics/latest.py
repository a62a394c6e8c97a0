"""Readings that may hang: each runs in its own thread, and callers wait only for a limited time."""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import structlog

_log = structlog.get_logger(__name__)
T = TypeVar("T")
STALE_SECONDS: Final = 150.0
"""Age at which an earlier value no longer replaces a late reading.

It is more than two scrapes of Prometheus at its usual 60 seconds: a slow reading is not a failure.
"""


class Latest(Generic[T]):
    """The newest reading of one source. At most one runs at a time, for all callers."""

    def __init__(self, name: str, read: Callable[[], T], close: Callable[[], None] = lambda: None) -> None:
        """`close` closes what `read` opens; `stop` calls it, unless a reading hangs."""
        self._name = name
        self._read = read
        self._close = close
        self._lock = threading.Lock()
        self._done: threading.Event | None = None
        """Set when the running reading ends; None if none runs."""
        self._value: T | None = None
        self._read_at = 0.0
        self._failure = ""

    def get(self, seconds: float) -> T | None:
        """Read, wait for the value at most this many seconds, and return it.

        If it takes longer, return the value before, if it is not older than `STALE_SECONDS`.
        Returns None without a value, or if reading failed.
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
        """Close what was opened, unless a reading hangs for longer; its thread keeps no process alive."""
        with self._lock:
            done = self._done
        if done is None or done.wait(seconds):
            self._close()

    def _go(self, done: threading.Event) -> None:
        value, failure = None, ""
        try:
            value = self._read()
        except Exception as error:  # noqa: BLE001 - any error is logged, and the page says that the part is missing
            failure = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        if failure and failure != self._failure:
            _log.warning("metrics.not_read", source=self._name, error=failure)
        with self._lock:
            self._value, self._failure, self._read_at = value, failure, time.monotonic()
            self._done = None
        done.set()
