"""The owner of a database, written into it when a node first opens it, and checked whenever a node opens it again.

Without it another node's settings on a database would publish its events under another member's key.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
import psycopg
from psycopg import Connection

from registry.domain.achievement import Achievement
from registry.settings.settings import SettingsError
from registry.store.migrations import refuse_newer

SCHEMA: Final = "node"
_EVENTS: Final = "public.registry_events"


class OtherOwner(SettingsError):
    """The database belongs to another node than the settings say. The message names both."""


class Owner(NamedTuple):
    """The member, consortium and founding to which a database belongs."""

    member: str
    """A member's short name, or `governance` for the consortium's own node."""
    consortium: str
    founded: str
    """The founding's hash, 64 hexadecimal digits."""

    def __str__(self) -> str:
        return f"{self.member} of {self.consortium} (founding {self.founded[:12]}…)"


def create_table(connection: Connection) -> None:
    """Create the empty table where it is missing: what a backup is restored to."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS node")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS node.owner ("
        " member text NOT NULL, consortium text NOT NULL, founded text NOT NULL, made timestamptz NOT NULL)"
    )
    connection.execute("CREATE UNIQUE INDEX IF NOT EXISTS owner_is_one ON node.owner ((true))")


def release(connection: Connection, owner: Owner) -> None:
    """Forget the owner of a database that is still empty: the backup that is restored to it names the owner again.

    Raises `OtherOwner` where it is another node's.
    """
    current = read_owner(connection)
    if current is not None and current != owner:
        raise OtherOwner(f"this database belongs to {current}, and the backup is of {owner}. Name an empty database.")
    connection.execute(f"DELETE FROM node.owner WHERE NOT EXISTS (SELECT 1 FROM {_EVENTS})")  # noqa: S608 - our own name


def claim(dsn: str, owner: Owner, settings: str) -> None:
    """Make this node the owner of a database that has none. `settings` names the settings file, for messages.

    A database of a version that wrote no owner becomes this node's, unless what is stored in it speaks against that.
    Raises `OtherOwner` where it is another node's, and `DatabaseTooNew`; then nothing is changed.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        refuse_newer(connection)
        if table_exists(connection, "node.owner") and (current := read_owner(connection)) is not None:
            if current != owner and current.member == owner.member and _is_empty(connection):
                # Made for the same member with a wrong consortium or founding, and not used: it is made again.
                connection.execute("UPDATE node.owner SET consortium = %s, founded = %s", owner[1:])
            elif current != owner:
                raise OtherOwner(
                    f"this database belongs to {current}; the settings in {settings} say {owner}. Nothing was done."
                    " Name this node's own database, or its own member, consortium and founding, in the settings."
                )
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('registry.owner'))")
            create_table(connection)
            if (current := read_owner(connection)) is None and (fault := _contradiction(connection, owner)) is not None:
                raise OtherOwner(
                    f"this database does not say whose it is, and {fault}; the settings in {settings} say {owner}."
                    " Nothing was done. Name this node's own database in the settings."
                )
            if current is None:
                connection.execute(
                    "INSERT INTO node.owner (member, consortium, founded, made) VALUES (%s, %s, %s, %s)",
                    (*owner, datetime.now(UTC)),
                )
        if current is not None and current != owner:  # another process was faster
            claim(dsn, owner, settings)


def withdraw(dsn: str, owner: Owner) -> None:
    """Take back the claim of a node that could not be made, so that the database is free for the next try."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if table_exists(connection, "node.owner"):
            connection.execute("DELETE FROM node.owner WHERE (member, consortium, founded) = (%s, %s, %s)", owner)


def read_owner(connection: Connection) -> Owner | None:
    """Return the owner of a database that has the table of owners; None if nobody has claimed it."""
    row = connection.execute("SELECT member, consortium, founded FROM node.owner").fetchone()
    return None if row is None else Owner(*row)


def table_exists(connection: Connection, table: str) -> bool:
    """Return whether a table exists; name it with its schema."""
    row = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
    return row is not None and row[0] is not None


def _is_empty(connection: Connection) -> bool:
    """Return whether the database has no stored events, and its views have read nothing."""
    for table, filled in ((_EVENTS, "true"), ("views.positions", "size > 0")):
        if table_exists(connection, table):
            rows = connection.execute(f"SELECT FROM {table} WHERE {filled} LIMIT 1")
            if rows.fetchone() is not None:
                return False
    return True


class _Bodies(msgspec.Struct):
    awarding_bodies: list[str] = msgspec.field(name="awardingBodies")


class _Published(msgspec.Struct):
    data: _Bodies


def _contradiction(connection: Connection, owner: Owner) -> str | None:
    """Return what in a database without an owner shows that it is another node's; None where nothing does.

    The publisher of an achievement is one of its awarding bodies, and what this node published is what the views have
    read of its log.
    """
    if not table_exists(connection, _EVENTS):
        return None
    rows = connection.execute(
        f"SELECT state FROM {_EVENTS} WHERE topic = %s ORDER BY notification_id LIMIT 20",  # noqa: S608 - our own name
        (Achievement.Published.TOPIC,),
    )
    for (state,) in rows:
        bodies = msgspec.json.decode(state, type=_Published).data.awarding_bodies
        if owner.member not in bodies:
            return f"its stored events are those of {' or '.join(bodies)}"
    if table_exists(connection, "views.positions") and table_exists(connection, "publisher.commits"):
        row = connection.execute(
            "SELECT 1 FROM publisher.commits c JOIN views.positions p ON p.size = c.size"
            " WHERE p.member = %s AND p.root <> c.root",
            (owner.member,),
        ).fetchone()
        if row is not None:
            return f"what it has published is not what the views have read of the log of {owner.member}"
    return None
