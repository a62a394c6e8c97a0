"""What goes on until somebody stops it: told by a signal, and undisturbed by a database that is away for a while."""

import signal
import threading
from types import FrameType

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError

DATABASE_AWAY = (psycopg.OperationalError, OperationalError, InterfaceError)
"""What is raised while PostgreSQL is stopped: by its driver, and by `eventsourcing` in its words."""


class stopping:  # noqa: N801 - used like a function
    """An event that SIGINT and SIGTERM set, while inside."""

    def __enter__(self) -> threading.Event:
        self._stop = threading.Event()
        self._before = {s: signal.signal(s, self._heard) for s in (signal.SIGINT, signal.SIGTERM)}
        return self._stop

    def _heard(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
