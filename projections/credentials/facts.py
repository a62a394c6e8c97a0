"""The bare facts of one member's credentials, for comparing many of them with what somebody else has."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from psycopg import Connection

_PAGE: Final = 1000


class Fact(NamedTuple):
    """What a credential's row says, without what other rows make of it."""

    credential: str
    achievement: str
    version: int
    awarding_date: date
    ects: Decimal | None
    status: str


_COLUMNS: Final = "credential::text, achievement::text, version, awarding_date, ects, status"


def of(connection: Connection, member: str, credentials: Sequence[str]) -> list[Fact]:
    """Those of a member's credentials that are known."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM credentials WHERE member = %s AND credential = ANY(%s::uuid[])",  # noqa: S608 - names of our own
        (member, list(credentials)),
    )
    return [Fact(*row) for row in rows]


def awarded(connection: Connection, member: str, begin: date, end: date) -> Iterator[Fact]:
    """All that a member awarded from `begin` to `end`, both included; a page of them in memory at a time."""
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
