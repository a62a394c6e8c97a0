"""Sets of views that are being built: which there are, how far they are, and what a build that was killed left behind.

A set that is being built says how far it is in the comment of its schema. Its builder holds a lock for as long as it
lives, so that a set without a living builder is known as one that was left behind.
"""

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection, sql

from projections.core import views

_PREFIX: Final = "building: "
_FRESH: Final = re.compile(rf"{views.SERVED}_[0-9a-f]{{12}}")
"""The names of sets that `consumers.projecting.rebuild` builds."""
_TAKE_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('projections.build'))"
_RELEASE_LOCK: Final = "SELECT pg_advisory_unlock(hashtext('projections.build'))"
_IS_BUILDING: Final = (
    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND objid = (hashtext('projections.build')::bigint & 4294967295)::oid"
)


class BuildingNow(Exception):
    """Another process builds views in this database."""


class Progress(NamedTuple):
    """Progress of a build."""

    events: int
    total: int
    """The number of events on the log when the build began, as its newest records name them."""
    began: float
    """Seconds since the epoch."""
    noted: float
    """When this was written down: seconds since the epoch."""

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the rest takes at the rate of before; None while there is no rate."""
        if not self.events or self.total <= self.events:
            return None if not self.events else 0.0
        return (self.noted - self.began) / self.events * (self.total - self.events)


@contextlib.contextmanager
def hold_build_lock(connection: Connection) -> Iterator[None]:
    """Be the only process that builds views to serve, and drop what one that was killed left behind.

    Raises `BuildingNow`.
    """
    if connection.execute(_TAKE_LOCK).fetchone() != (True,):
        raise BuildingNow("another process builds the views of this node; `registry status` says how far it is")
    try:
        for name in _list_fresh(connection):
            views.drop(connection, name)
        yield
    finally:
        if not connection.closed:
            connection.execute(_RELEASE_LOCK)


def note_progress(connection: Connection, schema: str, events: int, total: int, began: float) -> None:
    """Write down how far a build is."""
    progress = Progress(events, total, began, time.time())
    connection.execute(
        sql.SQL("COMMENT ON TABLE {} IS {}").format(
            sql.Identifier(schema, "positions"), sql.Literal(_PREFIX + msgspec.json.encode(progress).decode())
        )
    )


def read_progress(connection: Connection) -> Progress | None:
    """Return how far the build is that runs now; None if there is none."""
    if connection.execute(_IS_BUILDING).fetchone() is None:
        return None
    for name in _list_fresh(connection):
        if (progress := _read(connection, name)) is not None:
            return progress
    return None


def read_last_rate(connection: Connection) -> float | None:
    """Return the events a second at which the served views were built; None where that is not known."""
    progress = _read(connection, views.find_served(connection))
    if progress is None or progress.noted <= progress.began or not progress.events:
        return None
    return progress.events / (progress.noted - progress.began)


def _list_fresh(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", (f"{views.SERVED}\\_%",))
    return sorted(name for (name,) in rows if _FRESH.fullmatch(name))


def _read(connection: Connection, schema: str) -> Progress | None:
    row = connection.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", (f"{schema}.positions",)).fetchone()
    if row is None or row[0] is None or not row[0].startswith(_PREFIX):
        return None
    return msgspec.json.decode(row[0].removeprefix(_PREFIX), type=Progress)
