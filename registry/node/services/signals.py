"""Signals that end a command cleanly."""

import contextlib
import json
import os
import signal
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Final

from registry import observability

_STANDARD_ERROR: Final = 2
_HANGUP: Final = (
    "SIGHUP: ignored. Settings are read at the start; restart to apply them."
    " `registry log-level` changes the log's level at once."
)


def ignore_hangup() -> None:
    """Ignore SIGHUP from now on, with a line on standard error."""
    signal.signal(signal.SIGHUP, _hang_up)


def _hang_up(number: int, frame: FrameType | None) -> None:
    del number, frame
    # Not through Python's streams or the log: the signal may interrupt a write to them.
    with contextlib.suppress(OSError):  # the terminal is gone
        os.write(_STANDARD_ERROR, _hangup_line())


def _hangup_line() -> bytes:
    if not observability.writes_messages():
        return f"{_HANGUP}\n".encode()
    line = {"event": "message", "message": _HANGUP, "level": "info", "timestamp": datetime.now(UTC).isoformat()}
    return json.dumps(line).encode() + b"\n"


class stop_on_signals:  # noqa: N801 - used like a function
    """An event that SIGINT and SIGTERM set, while inside. SIGHUP ends nothing."""

    def __enter__(self) -> threading.Event:
        self._stop = threading.Event()
        self._before = {s: signal.signal(s, self._set) for s in (signal.SIGINT, signal.SIGTERM)}
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, _hang_up)
        return self._stop

    def _set(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
