"""Places in status lists: each copy of a credential receives a random free one, once and for good.

A place is never given out twice, also not after an erasure. A list of which three quarters are taken receives no
further copies: a random free index is found at once, and a list tells nothing of how many credentials it has.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row

from registry.export.document import StatusPlaces
from registry.status.addresses import make_places
from registry.status.statuses import INVALID, SUSPENDED, VALID

LIST_SIZE: Final = 131_072
DECOYS: Final = 1_024
"""Entries of each list that belong to no credential, and whose bits change with those of others."""
MAX_COPIES: Final = 10_000
"""Places that are allocated at once."""
_FULL: Final = LIST_SIZE * 3 // 4
_FIRST_DECOYS: Final = (VALID,) * 12 + (INVALID,) * 3 + (SUSPENDED,)
"""Statuses of decoys in a new list, each as likely as another."""
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('registry.status'))"


class StatusListPlaces:
    """Allocates places. Opens a connection for each use; may be shared by threads and processes."""

    def __init__(self, dsn: str, url: str) -> None:
        """`url` is the node's public address, without a slash at the end."""
        self._dsn = dsn
        self._url = url

    def allocate(self, credential: str, count: int = 1) -> Sequence[StatusPlaces]:
        """Reserve places for copies of a credential, each at a random free index."""
        return self.allocate_many([credential] * count)

    def allocate_many(self, credentials: Sequence[str]) -> Sequence[StatusPlaces]:
        """Reserve one place for each of these credentials, in their order."""
        if len(credentials) > MAX_COPIES:
            raise ValueError(f"{len(credentials):,} places at once; {MAX_COPIES:,} at most")
        places: list[StatusPlaces] = []
        with self._transaction() as connection:
            while len(places) < len(credentials):
                number, free = _find_open_list(connection)
                part = credentials[len(places) : len(places) + free]
                places += [make_places(self._url, number, place) for place in _take(connection, number, part)]
        return places

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        with psycopg.connect(self._dsn, row_factory=tuple_row) as connection:
            connection.execute(LOCK)  # two processes that look for a free list would each begin one
            yield connection


def _find_open_list(connection: Connection[Any]) -> tuple[int, int]:
    """Return a list with free places, and how many copies it still receives."""
    row = connection.execute(
        "SELECT list, used FROM status.lists WHERE used < %s ORDER BY list DESC LIMIT 1", (_FULL,)
    ).fetchone()
    if row is not None:
        return row[0], _FULL - row[1]
    row = connection.execute(
        "INSERT INTO status.lists (list, size) SELECT coalesce(max(list), 0) + 1, %s FROM status.lists RETURNING list",
        (LIST_SIZE,),
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    decoys = _draw(DECOYS, set())
    with connection.cursor().copy("COPY status.places (list, place, status, is_new, is_decoy) FROM STDIN") as copying:
        for place in decoys:
            copying.write_row((row[0], place, secrets.choice(_FIRST_DECOYS), False, True))
    connection.execute("UPDATE status.lists SET used = %s WHERE list = %s", (DECOYS, row[0]))
    return row[0], _FULL - DECOYS


def _take(connection: Connection[Any], number: int, credentials: Sequence[str]) -> list[int]:
    """Take random free places of a list, one for each credential, in their order."""
    places: dict[int, int] = {}
    """The place by the position of the credential."""
    while waiting := [position for position in range(len(credentials)) if position not in places]:
        drawn = _draw(len(waiting), set(places.values()))
        rows = connection.execute(
            "INSERT INTO status.places (list, place, credential)"
            " SELECT %s, place, credential FROM unnest(%s::int[], %s::uuid[]) AS _ (place, credential)"
            " ON CONFLICT DO NOTHING RETURNING place",
            (number, drawn, [credentials[position] for position in waiting]),
        ).fetchall()
        free = {place for (place,) in rows}
        places |= {position: place for position, place in zip(waiting, drawn, strict=True) if place in free}
    connection.execute("UPDATE status.lists SET used = used + %s WHERE list = %s", (len(credentials), number))
    return [places[position] for position in range(len(credentials))]


def _draw(count: int, without: set[int]) -> list[int]:
    """Draw different random indexes."""
    drawn: dict[int, None] = {}
    while len(drawn) < count:
        place = secrets.randbelow(LIST_SIZE)
        if place not in without:
            drawn[place] = None
    return list(drawn)
