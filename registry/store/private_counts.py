"""Counts of batches, rows, deliveries and lost events for an operator. They name no person."""

from psycopg import Connection

_TABLES = ("intake.batches", "intake.lost", "webhooks.deliveries", "webhooks.endpoints", "feed.notices")


def find_missing_tables(connection: Connection) -> set[str]:
    """Return the tables that do not exist: the consortium's own node has no private side."""
    rows = connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL", (list(_TABLES),)
    )
    return {name for (name,) in rows}


def count_batches(connection: Connection) -> dict[str, int]:
    """Count the batches by their state."""
    return dict(connection.execute("SELECT state, count(*) FROM intake.batches GROUP BY state").fetchall())


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of all batches by their outcome, without dry runs and reconciliations."""
    row = connection.execute(
        "SELECT coalesce(sum(issued), 0)::bigint, coalesce(sum(unchanged), 0)::bigint,"
        " coalesce(sum(refused), 0)::bigint, coalesce(sum(held), 0)::bigint"
        " FROM intake.batches WHERE NOT dry_run AND kind <> 'reconciliation'"
    ).fetchone()
    assert row is not None  # noqa: S101 - sums are one row
    return dict(zip(("issued", "unchanged", "refused", "scheduled"), row, strict=True))


def count_webhooks(connection: Connection) -> dict[str, int]:
    """Count the webhooks by their state."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE enabled), count(*) FILTER (WHERE NOT enabled) FROM webhooks.endpoints"
    ).fetchone()
    assert row is not None  # noqa: S101 - counts are one row
    return dict(zip(("enabled", "disabled"), row, strict=True))


def count_deliveries(connection: Connection) -> dict[str, int]:
    """Count the deliveries that wait for their first attempt, that are tried again, and that were given up."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE dead IS NULL AND error IS NULL),"
        " count(*) FILTER (WHERE dead IS NULL AND error IS NOT NULL),"
        " count(*) FILTER (WHERE dead IS NOT NULL) FROM webhooks.deliveries"
    ).fetchone()
    assert row is not None  # noqa: S101 - counts are one row
    return dict(zip(("waiting", "failed", "given-up"), row, strict=True))


def count_lost(connection: Connection) -> tuple[int, int]:
    """Count the ranges of lost intake events that nobody has acknowledged, and the events in them, where known."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(last - first + 1), 0)::bigint FROM intake.lost WHERE acknowledged IS NULL"
    ).fetchone()
    assert row is not None  # noqa: S101 - counts are one row
    return row[0], row[1]
