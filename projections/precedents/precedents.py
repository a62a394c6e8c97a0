"""Precedents: what offices of all members decided about an achievement, or about others like it.

A precedent is one grant on one achievement that a decision rests on, or an assessment of an achievement. They
are listed newest first (by the day of decision; an assessment's is the day that its event says), in pages that
go on where the one before ended, and counted exactly.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.core import contents
from projections.core.errors import InvalidQuery
from projections.precedents.counts import LAST, PrecedentCounts, count
from projections.precedents.query import PrecedentQuery
from projections.precedents.scope import CONSIDERED, Scope, scope_of
from projections.queries import build_query
from registry.cursors import Cursors

MOST: Final = 500


class Precedent(msgspec.Struct, frozen=True, rename="camel"):
    """One precedent."""

    member: str
    """The member whose office decided."""
    kind: str
    """`decision` or `assessment`; `id` is its id."""
    id: str
    state: str
    """`inForce`, `superseded` or `withdrawn`."""
    superseded_by: str | None
    day: date
    purpose: str
    effect: str
    outcome: str
    grounds: list[str]
    """`aspect:difference`."""
    grant: dict[str, Any]
    """The grant as published: ECTS, level, mode, programme, conditions. For an assessment, its data."""
    of_member: str
    achievement: str
    version: int
    title: dict[str, str] | None
    """The achievement's title. It and the next two are null until its member's stream has been read so far."""
    ects: Decimal | None
    eqf_level: int | None
    valid_until: date | None
    """The last day of an assessment. Readers compute whether it has expired."""


class PrecedentPage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of precedents, and the counts over all that the search is about."""

    items: list[Precedent]
    counts: PrecedentCounts
    matched: int | None
    """In a search by words: the number of achievement versions that match them."""
    considered: int | None
    """The number of these, the best, that the search covers."""
    next: str | None
    """Pass it as `cursor` to read on; null at the end."""


class _Place(NamedTuple):
    day: date
    member: str
    leaf: int
    basis: int
    grant: int


class _Row(Precedent, frozen=True, array_like=True):
    """A precedent as the query returns it, with the rest of its place."""

    leaf: int
    basis: int
    grant_no: int


_OWN: Final = len(Precedent.__struct_fields__)
_page: Final = msgspec.json.Decoder(list[_Row])
_PLACE_TYPES: Final = tuple(_Place.__annotations__.values())
_BEFORE_ALL: Final = _Place(LAST, "~", 0, 0, 0)
"""No member's name sorts after a tilde."""


def search(
    connection: Connection, query: PrecedentQuery, *, cursor: str | None = None, limit: int = 20
) -> PrecedentPage:
    """Return the newest precedents of a query, at most `limit`, and the counts.

    Raises `InvalidQuery`, and `InvalidCursor` for a cursor of another query.
    """
    query.check()
    if not 1 <= limit <= MOST:
        raise InvalidQuery("limit", f"1 to {MOST}")
    cursors = Cursors("precedents", query)
    place = _Place(*cursors.decode(cursor, *_PLACE_TYPES)) if cursor else _BEFORE_ALL
    scope = scope_of(connection, query)
    counted = count(connection, query, scope)
    rows: list[_Row] = []
    if counted.span is not None:
        rows = _rows(connection, query, scope, counted.span, place, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return PrecedentPage(
        [Precedent(*msgspec.structs.astuple(row)[:_OWN]) for row in rows[:limit]],
        counted.counts,
        scope.matched,
        None if scope.matched is None else min(scope.matched, CONSIDERED),
        None if last is None else cursors.encode(_Place(last.day, last.member, last.leaf, last.basis, last.grant_no)),
    )


def counts(connection: Connection, query: PrecedentQuery) -> PrecedentCounts:
    """Return the counts alone. Raises `InvalidQuery`."""
    query.check()
    return count(connection, query, scope_of(connection, query)).counts


def _rows(
    connection: Connection, query: PrecedentQuery, scope: Scope, span: tuple[date, date], place: _Place, limit: int
) -> list[_Row]:
    if scope.towards is not None:
        name = "precedents_towards"
    elif scope.everything:
        name = "precedents_of_offices" if query.member is None else "precedents_of_issuer"
    else:
        name = "precedents_of_achievements"
    parameters: dict[str, Any] = scope.parameters | {
        "of_member": query.member if scope.everything else None,
        "begin": span[0],
        "end": span[1],
        "state": None if query.every_state else "inForce",
        "purpose": query.purpose,
        "effect": query.effect,
        "outcome": query.outcome,
        "ground": query.ground,
        "after_day": place.day,
        "after_member": place.member,
        "after_leaf": place.leaf,
        "after_basis": place.basis,
        "after_grant": place.grant,
        "limit": limit,
    }
    row = connection.execute(build_query(parameters, name, "precedent_page"), parameters).fetchone()
    assert row is not None  # noqa: S101 - it selects one value
    return contents.read_as(row[0], _page)
