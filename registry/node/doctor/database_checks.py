"""Checks of the database: reachable, this node's, its schema, connections, text, replicas, and long transactions."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import Connection

from registry.application.owner import Owner, read_owner, table_exists
from registry.log import GOVERNANCE
from registry.node.doctor.connection_counts import count_needed
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, report_unchecked, warning
from registry.postgres.embedded import DatabaseUnavailable
from registry.postgres.refusals import explain_refusal
from registry.store.migrations import DatabaseTooNew, find_missing, list_migrations
from registry.store.private_counts import count_webhooks
from registry.values.plural import plural

_OLDEST_VERSION: Final = 14
_LONG_MINUTES: Final = 10
_LAG_BYTES: Final = 256 * 1024**2
_FREE_SHARE: Final = 0.1
_SHOWN: Final = 3
"""Transactions and replicas that are named."""


def check_reachable(examination: Examination) -> Iterator[Finding]:
    """Check that the database answers, and that its version is supported."""
    try:
        connection = examination.connect()
    except (psycopg.OperationalError, DatabaseUnavailable) as away:
        sentence = explain_refusal(away)
        reason = " ".join(str(away).split())
        yield error(
            sentence or f"The database cannot be reached: {reason}",
            "Raise max_connections, or end other clients." if sentence else "Start PostgreSQL, or correct `database`.",
        )
        return
    major = connection.info.server_version // 10_000
    if major < _OLDEST_VERSION:
        yield error(f"PostgreSQL {major} is too old.", f"Upgrade to PostgreSQL {_OLDEST_VERSION} or later.")
    else:
        yield ok(f"PostgreSQL {major} answers.")
    if _value(connection, "SELECT pg_is_in_recovery()"):
        yield error(
            "The database is a replica, which cannot be written.", "Name the primary in the setting `database`."
        )


def check_owner(examination: Examination) -> Iterator[Finding]:
    """Check that the database belongs to this node."""
    settings = examination.settings
    owner = read_owner(examination.private_side())
    mine = Owner(settings.member, settings.consortium, settings.founded)
    if owner is not None and owner != mine:
        yield error(f"The database belongs to {owner}; the settings say {mine}.", "Correct the setting `database`.")
    else:
        yield ok(f"The database belongs to {mine}.")


def check_migrations(examination: Examination) -> Iterator[Finding]:
    """Check that the private schema is the one that this program knows."""
    connection = examination.private_side()
    if examination.settings.member == GOVERNANCE:
        yield ok("The consortium's own node has no private schema.")
        return
    try:
        missing = find_missing(connection)
    except DatabaseTooNew as newer:
        yield error(
            str(newer), "Install the version of the program that the database was last used with, or a later one."
        )
        return
    if missing:
        yield warning(
            f"The private schema lacks {plural(len(missing), 'migration')}, up to {missing[-1].number:04}.",
            "Restart the node: it applies them when it starts. Back up before (docs/upgrade.md).",
        )
    else:
        yield ok(f"The private schema has all migrations up to {list_migrations()[-1].number:04}.")


def check_connections(examination: Examination) -> Iterator[Finding]:
    """Check that the database takes as many connections as this node opens at most."""
    connection = examination.connection()
    row = connection.execute(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),"
        " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),"
        " (SELECT datconnlimit FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    assert row is not None  # noqa: S101 - one row of settings
    server, used, *limits = row
    limit = min([server, *(each for each in limits if each is not None and each >= 0)])
    webhooks = sum(count_webhooks(connection).values()) if table_exists(connection, "webhooks.endpoints") else 0
    needed = count_needed(examination.settings, webhooks)
    yield judge_connections(limit, server, used, needed)


def judge_connections(limit: int, server: int, used: int, needed: int) -> Finding:
    """Return what the limits mean: `limit` for this node, `server` for all clients of the server, `used` now."""
    if server - used <= max(2, int(server * _FREE_SHARE)):
        return error(
            f"{used} of the {server} connections that the database takes are in use: the next may be refused.",
            "End other clients, raise max_connections, or put a pool in front. See who is connected: pg_stat_activity.",
        )
    if limit < needed:
        return warning(
            f"This node's processes may open {needed} connections, and the database takes {limit} from it.",
            "Raise max_connections or the role's limit, or lower workers and connections in [http].",
        )
    return ok(f"This node's processes may open {needed} connections; {used} of {server} are in use now.")


def check_text(examination: Examination) -> Iterator[Finding]:
    """Check the encoding of the database, and that its order of text is the one that its indexes were made with."""
    connection = examination.connection()
    encoding = _value(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        yield error(
            f"The database stores text as {encoding}.",
            "Make a database with ENCODING 'UTF8', and restore a backup to it (docs/recover-a-node.md).",
        )
    row = connection.execute(
        "SELECT datcollate, datcollversion, pg_database_collation_actual_version(oid) FROM pg_database"
        " WHERE datname = current_database()"
        if connection.info.server_version >= 150_000
        else "SELECT datcollate, NULL, NULL FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    assert row is not None  # noqa: S101 - the database itself
    collation, before, now = row
    if before is not None and now is not None and before != now:
        yield warning(
            f"The system's order of text ({collation}) has changed from version {before} to {now} since the indexes"
            " were made: searches may miss rows.",
            "Run: REINDEX DATABASE; then ALTER DATABASE … REFRESH COLLATION VERSION.",
        )
    elif encoding == "UTF8":
        yield ok(f"Text is UTF-8, in the order {collation}.")


def check_replicas(examination: Examination) -> Iterator[Finding]:
    """Check that replicas keep up, and that none that is gone makes the server keep its write-ahead log."""
    connection = examination.connection()
    if _value(connection, "SELECT pg_is_in_recovery()"):
        raise CannotCheck("the database is itself a replica")
    rows = connection.execute(
        "SELECT application_name, state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint"
        " FROM pg_stat_replication ORDER BY application_name"
    ).fetchall()
    for name, state, behind in rows[:_SHOWN]:
        if state is None:
            yield report_unchecked("this account may not see replicas (GRANT pg_monitor)")
            return
        if behind is None or behind > _LAG_BYTES:
            size = "an unknown amount" if behind is None else f"{behind / 1024**2:,.0f} MiB"
            yield warning(
                f"The replica {name} is {size} behind ({state}).", "Look at its disk, its network and its log."
            )
    slots = connection.execute(
        "SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint FROM pg_replication_slots"
        " WHERE NOT active AND restart_lsn IS NOT NULL ORDER BY slot_name"
    ).fetchall()
    for name, behind in slots[:_SHOWN]:
        yield warning(
            f"Nobody reads the replication slot {name}: the server keeps {behind / 1024**2:,.0f} MiB for it.",
            "Start its replica, or drop the slot before the disk is full: SELECT pg_drop_replication_slot(…).",
        )
    if rows:
        yield ok(f"{plural(len(rows), 'replica')} connected.")
    else:
        yield note(
            "No replica is connected: if this server is lost, what was stored since the last backup is lost.",
            "Run a replica, or back up often (docs/recover-a-node.md).",
        )


def check_transactions(examination: Examination) -> Iterator[Finding]:
    """Check for transactions that have been open for long: they keep dead rows and block changes of tables."""
    rows = (
        examination.connection()
        .execute(
            "SELECT pid, application_name, state, extract(epoch FROM now() - xact_start)::int FROM pg_stat_activity"
            " WHERE datname = current_database() AND xact_start < now() - make_interval(mins => %s)"
            " AND pid <> pg_backend_pid() ORDER BY xact_start",
            (_LONG_MINUTES,),
        )
        .fetchall()
    )
    for process, name, state, seconds in rows[:_SHOWN]:
        yield warning(
            f"Process {process} ({name or 'unnamed'}, {state}) has a transaction open for {seconds // 60:,} minutes.",
            f"If nobody needs it: SELECT pg_terminate_backend({process}).",
        )
    if not rows:
        yield ok(f"No transaction has been open for more than {_LONG_MINUTES} minutes.")


def check_size(examination: Examination) -> Iterator[Finding]:
    """Report the size of the database; the room on its disk is known only to its server."""
    size = _value(examination.connection(), "SELECT pg_database_size(current_database())")
    yield ok(f"The database has {size / 1024**2:,.0f} MiB. Watch the disk of its server.")


def _value(connection: Connection, query: str) -> Any:  # noqa: ANN401 - of any type, the query's own
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # noqa: S101 - a query of one value
    return row[0]


CHECKS: Final = (
    Check(
        "database.reachable", "Does the database answer, is its version supported, can it be written?", check_reachable
    ),
    Check("database.owner", "Does the database belong to this node?", check_owner),
    Check("database.migrations", "Is the private schema the one that the program knows?", check_migrations),
    Check("database.connections", "Does the database take as many connections as the node opens?", check_connections),
    Check("database.text", "Is text UTF-8, and in the order that indexes were made with?", check_text),
    Check("database.replicas", "Do replicas keep up?", check_replicas),
    Check("database.transactions", "Is a transaction open for long?", check_transactions),
    Check("database.size", "How large is the database?", check_size),
)
