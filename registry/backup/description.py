"""The first entry of a backup: which node it is of, and how much it contains."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
from psycopg import Connection

from registry.settings.settings import Settings
from registry.store.recorder import EVENTS_TABLE

Kind = Literal["whole", "data", "keys"]
"""`data`: without keys and without the values under them. `keys`: these alone."""


class BackupDescription(msgspec.Struct, frozen=True):
    """The node that a backup is of, and how much it contains."""

    consortium: str
    member: str
    founded: str
    taken: str
    keys: str
    """Folder of keys, relative to the node's folder, as the settings name it."""
    sequence: int
    """The last notification id that was assigned; 0 if none was."""
    rows: dict[str, int]
    """Number of rows by table (`schema.table`)."""
    kind: Kind = "whole"


def describe(connection: Connection, settings: Settings, kind: Kind, rows: dict[str, int]) -> BackupDescription:
    """Return the description of a backup that is made now."""
    return BackupDescription(
        settings.consortium,
        settings.member,
        settings.founded,
        datetime.now(UTC).isoformat(timespec="seconds"),
        str(settings.keys),
        _last_notification(connection),
        rows,
        kind,
    )


def _last_notification(connection: Connection) -> int:
    """Return the last notification id that was assigned. A sequence has no transactions: it may be ahead of rows."""
    row = connection.execute(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'notification_id')::regclass)", (EVENTS_TABLE,)
    ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0
