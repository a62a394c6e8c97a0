"""Read the facts of one member's credentials in bulk, for comparing them with another system's."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from psycopg import Connection

_PAGE: Final = 1000


class Fact(NamedTuple):
    """A credential's row, without what depends on other rows."""

    credential: str
    achievement: str
    version: int
    awarding_date: date
    ects: Decimal | None
    status: str


_COLUMNS: Final = "credential::text, achievement::text, version, awarding_date, ects, status"


def read(connection: Connection, member: str, credentials: Sequence[str]) -> list[Fact]:
    """Return the facts of those of a member's credentials that exist."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM credentials WHERE member = %s AND credential = ANY(%s::uuid[])",  # noqa: S608 - names of our own
        (member, list(credentials)),
    )
    return [Fact(*row) for row in rows]


def read_awarded(connection: Connection, member: str, begin: date, end: date) -> Iterator[Fact]:
    """Yield all that a member awarded from `begin` to `end`, both included, with one page in memory at a time."""
    day, achievement, credential = begin, "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"
    while True:
        page = [
            Fact(*row)
            for row in connection.execute(
                f"SELECT {_COLUMNS} FROM credentials WHERE member = %s AND awarding_date BETWEEN %s AND %s"  # noqa: S608 - likewise
                " AND (awarding_date, achievement, credential) > (%s::date, %s::uuid, %s::uuid)"
                " ORDER BY awarding_date, achievement, credential LIMIT %s",
                (member, begin, end, day, achievement, credential, _PAGE),
            )
        ]
        yield from page
        if len(page) < _PAGE:
            return
        day, achievement, credential = page[-1].awarding_date, page[-1].achievement, page[-1].credential
