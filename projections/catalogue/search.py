"""Search the catalogue for learners: what can I study, where, at which level, for how many credits.

A search covers the newest versions of what members offer. Words are looked for in titles, learning outcomes and
descriptions, and the best match comes first; without words the list is in the order of titles. It can be sorted by
credits instead.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.core.errors import InvalidQuery
from projections.core.query_text import parse_words
from projections.precedents.query import check_value
from projections.queries import build_query
from registry.cursors import Cursors
from registry.wire.achievements import AchievementContent, Kind, Participation
from registry.wire.today import utc_today

MOST: Final = 500
SORTS: Final = ("title", "credits")
MAX_PAGE_BYTES: Final = 1024 * 1024
"""Bytes of JSON that the items of a page have at most, unless its first item alone has more."""


class CatalogueQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A search of the catalogue. All conditions that are set must hold."""

    text: str | None = None
    """Words; "a phrase", OR, -not."""
    language: str | None = None
    """Apply this language's rules alone (BCP 47); without it, those of all languages in the views."""
    member: str | None = None
    country: str | None = None
    """The offering member's (ISO 3166-1 alpha-2)."""
    kind: str | None = None
    eqf_level: int | None = None
    field: str | None = None
    """An ISCED-F 2013 code; a shorter code covers the longer."""
    taught_in: str | None = None
    """The language of instruction (BCP 47)."""
    participation: str | None = None
    min_ects: Decimal | None = None
    max_ects: Decimal | None = None
    credit_bearing: bool | None = None
    stackability: str | None = None
    recognised_by: str | None = None
    """A member that recognises it today by an agreement."""
    retired: bool = False
    """Include those that are no longer offered."""
    sort: str | None = None
    """`title` or `credits` (the most first); without it the best match of the words, then by title."""

    def check(self) -> None:
        """Raise `InvalidQuery` for an impossible condition."""
        if self.language is not None and self.text is None:
            raise InvalidQuery("language", "the language of which text?")
        if self.country is not None and not (self.country.isascii() and len(self.country) == 2):
            raise InvalidQuery("country", "two letters, for example NL")
        if self.eqf_level is not None and not 1 <= self.eqf_level <= 8:
            raise InvalidQuery("eqfLevel", "1 to 8")
        if self.field is not None and not (self.field.isascii() and self.field.isdigit() and 2 <= len(self.field) <= 4):
            raise InvalidQuery("field", "an ISCED-F code has 2 to 4 digits")
        for name, value in (("minEcts", self.min_ects), ("maxEcts", self.max_ects)):
            if value is not None and not 0 <= value <= 100_000:
                raise InvalidQuery(name, "0 to 100000")
        if self.min_ects is not None and self.max_ects is not None and self.min_ects > self.max_ects:
            raise InvalidQuery("maxEcts", "less than minEcts")
        check_value("sort", self.sort, SORTS)
        check_value("kind", self.kind, get_args(Kind))
        check_value("participation", self.participation, get_args(Participation))
        check_value("stackability", self.stackability, get_args(AchievementContent.__annotations__["stackability"]))
        for name, text in (("member", self.member), ("recognisedBy", self.recognised_by), ("taughtIn", self.taught_in)):
            if text is not None and "\0" in text:
                raise InvalidQuery(name, "no name contains U+0000")


class Offer(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement as a list shows it."""

    member: str
    achievement: str
    version: int
    kind: str
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    fields: list[str]
    taught_in: list[str]
    participation: list[str]
    credit_bearing: bool
    stackability: str
    retired: bool
    country: str


class CataloguePage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the catalogue, and the counts over all that the search found."""

    items: list[Offer]
    total: int
    facets: dict[str, dict[str, int]]
    """Counts by each value that the search can be narrowed to. ISCED fields are counted by their full codes."""
    next: str | None
    """Pass it as `cursor` to read on; null at the end."""


class _Place(NamedTuple):
    rank: float
    title: str
    member: str
    achievement: UUID


class _Row(Offer, frozen=True, array_like=True):
    """An offer as the query returns it, with its place."""

    sort_title: str
    rank: float


_PLACE_TYPES: Final = tuple(_Place.__annotations__.values())
_rows: Final = msgspec.json.Decoder(list[_Row])
_counts: Final = msgspec.json.Decoder(list[tuple[str, str, int]])


def search(
    connection: Connection,
    query: CatalogueQuery,
    *,
    cursor: str | None = None,
    limit: int = 20,
    today: date | None = None,
) -> CataloguePage:
    """Return a page of at most `limit` items and `MAX_PAGE_BYTES`; `next` leads to the rest.

    Agreements must hold on the day `today`, which is UTC's by default. Raises `InvalidQuery`, and `InvalidCursor` for a
    cursor of another query.
    """
    query.check()
    if not 1 <= limit <= MOST:
        raise InvalidQuery("limit", f"1 to {MOST}")
    cursors = Cursors("catalogue", query)
    place = _Place(*cursors.decode(cursor, *_PLACE_TYPES)) if cursor else None
    parameters: dict[str, Any] = msgspec.structs.asdict(query) | {
        "words": None if query.text is None else parse_words(connection, query.text, query.language),
        "country": None if query.country is None else query.country.upper(),
        "level": query.eqf_level,
        "day": today or utc_today(),
        "after_rank": place and place.rank,
        "after_title": place and place.title,
        "after_member": place and place.member,
        "after_achievement": place and place.achievement,
        "limit": limit + 1,
    }
    row = connection.execute(build_query(parameters, "matching_achievements", "catalogue_page"), parameters).fetchone()
    assert row is not None  # noqa: S101 - it selects two values
    rows, counts = _rows.decode(row[0]), _counts.decode(row[1])
    facets: dict[str, dict[str, int]] = {}
    for facet, value, number in counts:
        facets.setdefault(facet, {})[value] = number
    total = facets.pop("total")[""]
    shown = _fit_on_page(rows[:limit])
    last = shown[-1] if len(rows) > len(shown) else None
    return CataloguePage(
        [Offer(*msgspec.structs.astuple(row)[:14]) for row in shown],
        total,
        {name: dict(sorted(counts.items())) for name, counts in sorted(facets.items())},
        None
        if last is None
        else cursors.encode(_Place(last.rank, last.sort_title, last.member, UUID(last.achievement))),
    )


def _fit_on_page(rows: list[_Row]) -> list[_Row]:
    """Return the first rows that fit on a page, and at least one if there is one."""
    size = 0
    for number, row in enumerate(rows):
        size += len(msgspec.json.encode(row))
        if number and size > MAX_PAGE_BYTES:
            return rows[:number]
    return rows
