"""The start of a service: it waits for a database that is full, and names faults that it would meet later."""

from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_fixed

from registry.node.doctor import clock_checks, file_checks, key_checks
from registry.node.doctor.runs import find_faults
from registry.postgres.embedded import database
from registry.postgres.refusals import explain_refusal
from registry.settings.settings import Settings

_log = structlog.get_logger(__name__)
WAIT_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 2.0
START_CHECKS: Final = (
    *(check for check in file_checks.CHECKS if check.name in ("files.secrets", "files.keys")),
    *clock_checks.CHECKS,
    *(check for check in key_checks.CHECKS if check.name == "keys.certificates"),
)
"""The checks of `registry doctor` whose faults a node names when it starts, although it starts with them."""


def await_database(settings: Settings, on_warning: Callable[[str], None]) -> None:
    """Return when the database lets this node in; wait a minute for one that is at its limit of connections.

    `on_warning` receives a sentence when the waiting begins. Raises the last error; any other error at once.
    """
    is_waiting = False

    def warn(state: RetryCallState) -> None:
        nonlocal is_waiting
        failure = state.outcome.exception() if state.outcome is not None else None
        sentence = None if failure is None else explain_refusal(failure)
        if sentence is not None and not is_waiting:
            is_waiting = True
            on_warning(f"{sentence} Trying again for {WAIT_SECONDS:.0f} seconds.")

    def is_full(failure: BaseException) -> bool:
        return isinstance(failure, psycopg.OperationalError) and explain_refusal(failure) is not None

    for attempt in Retrying(
        retry=retry_if_exception(is_full),
        stop=stop_after_delay(WAIT_SECONDS),
        wait=wait_fixed(PAUSE_SECONDS),
        before_sleep=warn,
        reraise=True,
    ):
        with attempt:
            psycopg.connect(database(settings.database_url)).close()


def report_start_faults(settings: Settings, on_warning: Callable[[str], None]) -> None:
    """Pass each fault on that the checks of a start find, with what to do, and log it."""
    for finding in find_faults(settings, START_CHECKS):
        _log.warning("node.start_fault", check=finding.check, severity=finding.severity)
        on_warning(f"{finding.sentence} {finding.advice or ''}".strip())
