"""The loop of every service: publishing, projecting, batches, webhooks, intake, maintenance and others."""

from collections.abc import Callable
from typing import Any, Final, Protocol

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError as StoreInterrupted
from eventsourcing.persistence import OperationalError as StoreUnavailable

from registry.log import LogError
from registry.postgres.programs import DatabaseUnavailable

_log = structlog.get_logger(__name__)

DATABASE_ERRORS: Final = (psycopg.OperationalError, StoreUnavailable, StoreInterrupted, DatabaseUnavailable)
"""Raised while PostgreSQL is stopped: by its driver, by `eventsourcing`, and by the embedded server."""
TRANSIENT_ERRORS: Final = (*DATABASE_ERRORS, LogError, OSError)
"""All that counts as temporarily unavailable: the database, the log, the network and the disk."""
RETRY_SECONDS: Final = 1.0


class Stop(Protocol):
    """The part of `threading.Event` that the loop needs."""

    def is_set(self) -> bool:
        """Return True once the service has to end."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; return whether it has come."""
        ...


def _ignore(error: Exception) -> None:
    del error


def supervise(
    service: str,
    work: Callable[[], object],
    stop: Stop,
    *,
    also: tuple[type[Exception], ...] = (),
    pause_seconds: float | None = None,
    retry_seconds: float = RETRY_SECONDS,
    survives_faults: bool = False,
    retries: Callable[[], bool] = lambda: True,
    on_error: Callable[[Exception], None] = _ignore,
    wait: Callable[[float], Any] | None = None,
) -> None:
    """Work until `stop` is set, and again after each error that passes by itself.

    `service` names the work in the node's log. `also` are errors of this service that pass by themselves, besides
    `TRANSIENT_ERRORS`. With `pause_seconds`, `work` is one round, repeated after that pause; without, it returns when
    it was stopped or has ended, and that ends the loop.

    Any other error is a fault of this software and is raised, except where the service `survives_faults`: then it is
    logged with its traceback, and the work goes on. While `retries` returns False, every error is raised: a service
    that could not start at all should say so. `on_error` receives each error after which the work is tried again.
    `wait` pauses for some seconds; the default waits for `stop`, so that a pause does not delay the end.
    """
    pause = wait or stop.wait
    transient = TRANSIENT_ERRORS + also
    while not stop.is_set():
        try:
            work()
        except Exception as error:
            passes = isinstance(error, transient)
            if not retries() or not (passes or survives_faults):
                raise
            reason = str(error).strip() or type(error).__name__
            _log.error("service.retrying", service=service, error=reason, again_in=retry_seconds, exc_info=not passes)
            on_error(error)
            pause(retry_seconds)
        else:
            if pause_seconds is None:
                return
            pause(pause_seconds)
