"""Checks of the node's processes: who publishes, who works through batches, and what ended them last."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg import Connection

from registry.log import GOVERNANCE
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, note, ok, warning
from registry.node.health import last_error

_RECENT: Final = timedelta(days=1)
_HOLDERS: Final = (
    "SELECT a.pid, coalesce(host(a.client_addr), 'this machine'), a.backend_start, l.granted"
    " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.objid = (hashtext(%s)::bigint & 4294967295)::oid ORDER BY l.granted DESC, a.backend_start"
)
"""The database's clients that hold or wait for one of the node's locks."""


def check_publisher(examination: Examination) -> Iterator[Finding]:
    """Check that a process publishes this node's events, and report which."""
    if examination.settings.member == GOVERNANCE:
        yield ok("The consortium's own node publishes by ceremony.")
        return
    connection = examination.private_side()
    holders = _find_holders(connection, "registry.publisher")
    if not holders:
        yield warning(
            "No process publishes this node's events and keeps its views up to date.",
            "Start `registry run`, or `registry serve`.",
        )
        return
    yield ok(f"{holders[0]} publishes this node's events. A second one would wait or end.")
    for waiting in holders[1:]:
        yield note(f"{waiting} waits to publish in its place.")


def check_batches(examination: Examination) -> Iterator[Finding]:
    """Report the process that works through batches."""
    if examination.settings.member == GOVERNANCE:
        return
    holders = _find_holders(examination.private_side(), "registry.batches")
    if holders:
        yield ok(f"{holders[0]} works through batches.")
    else:
        yield note(
            "No process works through batches: what systems send stays waiting.", "Start `registry serve` if any send."
        )


def check_last_error(examination: Examination) -> Iterator[Finding]:
    """Report the last error that interrupted a service. Its text may quote data and stays in `registry status`."""
    before = last_error.read(examination.settings.home)
    if before is None:
        yield ok("No service of this node has been interrupted.")
    elif datetime.now(UTC) - datetime.fromisoformat(before.time) < _RECENT:
        yield note(f"An error interrupted {before.work} at {before.time}.", "See the end of `registry status`.")
    else:
        yield ok(f"The last error that interrupted a service is of {before.time}.")


def _find_holders(connection: Connection, lock: str) -> list[str]:
    """Return the clients with a lock, described; the one that holds it first."""
    return [
        f"Database process {process}, from {address}, connected since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC,"
        for process, address, since, _ in connection.execute(_HOLDERS, (lock,)).fetchall()
    ]


CHECKS: Final = (
    Check("processes.publisher", "Does exactly one process publish, and which?", check_publisher),
    Check("processes.batches", "Does a process work through batches, and which?", check_batches),
    Check("processes.last-error", "Has an error interrupted a service in the last day?", check_last_error),
)
