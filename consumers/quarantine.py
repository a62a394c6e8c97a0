"""Records that were not taken in: raw, with their place in the log and why. Nothing here stops the log."""

from typing import NamedTuple

from psycopg import Connection


class Quarantined(NamedTuple):
    """A record that is no valid extension of its stream."""

    member: str
    position: int
    code: str
    detail: str
    record: bytes


def keep(connection: Connection, items: list[Quarantined]) -> None:
    """Keep records raw."""
    if items:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO quarantine (member, position, code, detail, record) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                items,
            )


def codes(connection: Connection, member: str) -> set[str]:
    """The verdicts among a member's quarantined records."""
    return {row[0] for row in connection.execute("SELECT DISTINCT code FROM quarantine WHERE member = %s", (member,))}


def listed(connection: Connection, member: str | None = None) -> list[Quarantined]:
    """What is quarantined, by member and place, without the raw bytes."""
    rows = connection.execute(
        "SELECT member, position, code, detail, ''::bytea FROM quarantine"
        " WHERE %(member)s::text IS NULL OR member = %(member)s ORDER BY member, position",
        {"member": member},
    )
    return [Quarantined(*row) for row in rows]


def one(connection: Connection, member: str, position: int) -> Quarantined | None:
    """One record with its raw bytes."""
    row = connection.execute(
        "SELECT member, position, code, detail, record FROM quarantine WHERE member = %s AND position = %s",
        (member, position),
    ).fetchone()
    return None if row is None else Quarantined(*row)
