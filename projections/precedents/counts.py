"""How many precedents there are: by outcome, by ground, by office. Exact, whatever their number.

All time, and whole months, are read from `precedent_counts`; what a period leaves over at its ends, and what is
asked of a programme, is counted row by row.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.precedents.query import OUTCOMES, PrecedentQuery
from projections.precedents.scope import Scope
from projections.queries import narrowed

FIRST: Final = date(1, 1, 1)
LAST: Final = date(9999, 12, 31)


class PrecedentCounts(msgspec.Struct, frozen=True, rename="camel"):
    """Counts of precedents: one for each grant on each achievement that a decision rests on."""

    total: int
    outcomes: dict[str, int]
    """By outcome."""
    grounds: dict[str, int]
    """By `aspect:difference`, the most frequent first; a precedent may name several."""
    aspects: dict[str, int]
    """The same, summed by aspect."""
    offices: dict[str, dict[str, int]]
    """By deciding member, then by outcome."""
    superseded: int
    """How many were superseded, whether they are counted above or not."""
    withdrawn: int


class Counted(msgspec.Struct, frozen=True):
    """Counts, and where in time that lies which the list of a search is about."""

    counts: PrecedentCounts
    span: tuple[date, date] | None
    """First and last day between which the listed ones are; None where there are none."""


NONE: Final = PrecedentCounts(0, {}, {}, {}, {}, 0, 0)

_Row = tuple[Any, ...]
"""Office, outcome or ground, in force, superseded, withdrawn; of a period or a programme also first and last day."""


def count(connection: Connection, query: PrecedentQuery, scope: Scope) -> Counted:
    """Count what a checked query is about. Its outcome and ground narrow the span alone."""
    if scope.nothing:
        return Counted(NONE, None)
    wanted = query.ground or query.outcome
    rows = _rows(connection, query, scope)
    counts = _folded(rows, every_state=query.every_state)
    if not (counts.total if wanted is None else wanted in counts.outcomes or wanted in counts.grounds):
        return Counted(counts, None)
    if scope.towards is None and _ever(query):
        return Counted(counts, _months_of(connection, query, scope, wanted) if wanted else (FIRST, LAST))
    listed = [
        (begin, end)
        for _, what, in_force, superseded, withdrawn, begin, end in rows
        if (in_force or (query.every_state and (superseded or withdrawn)))
        and (what == wanted if wanted else what in OUTCOMES)
    ]
    first, last = min(begin for begin, _ in listed), max(end for _, end in listed)
    return Counted(counts, (max(first, query.begin or FIRST), min(last, query.end or LAST)))


def in_force_by_office(connection: Connection, query: PrecedentQuery, scope: Scope) -> dict[str, dict[str, int]]:
    """By deciding member: how many of its precedents in force have each outcome, and name each ground."""
    found: dict[str, dict[str, int]] = {}
    if scope.nothing:
        return found
    for office, what, in_force, *_ in _rows(connection, query, scope):
        if in_force:
            own = found.setdefault(office, {})
            own[what] = own.get(what, 0) + in_force
    return found


def _ever(query: PrecedentQuery) -> bool:
    return query.begin is None and query.end is None


def _months_of(connection: Connection, query: PrecedentQuery, scope: Scope, wanted: str) -> tuple[date, date]:
    """Between which days there are precedents with an outcome or a ground: a rare one is not looked for everywhere."""
    parameters = _parameters(query, scope) | {"what": wanted}
    row = connection.execute(narrowed(parameters, "months_of_precedents"), parameters).fetchone()
    return (FIRST, LAST) if row is None or row[0] is None else (row[0], _last_day(row[1]))


def _parameters(query: PrecedentQuery, scope: Scope) -> dict[str, Any]:
    return scope.parameters | {
        "purpose": query.purpose,
        "effect": query.effect,
        "of_member": query.member if scope.everything else None,
    }


def _rows(connection: Connection, query: PrecedentQuery, scope: Scope) -> list[_Row]:
    begin, end = query.begin or FIRST, query.end or LAST
    parameters = _parameters(query, scope)
    if scope.towards is not None:
        days = {"begin": begin, "end": end}
        return connection.execute(narrowed(parameters, "count_precedents_towards"), parameters | days).fetchall()
    if _ever(query):
        of_any = query.purpose is None and query.effect is None
        wanted = parameters | {"ever": True, "of_any": of_any or None, "of_some": not of_any or None}
        return connection.execute(narrowed(wanted, "count_precedents"), wanted).fetchall()
    months, edges = split(begin, end)
    rows: list[_Row] = []
    if months is not None:
        wanted = parameters | {"begin": months[0], "end": months[1]}
        found = connection.execute(narrowed(wanted, "count_precedents"), wanted).fetchall()
        rows += [(*counted, first, _last_day(last)) for *counted, first, last in found]
    rest = "count_precedents_of_offices" if scope.everything else "count_precedents_of_achievements"
    for edge in edges:
        days = {"begin": edge[0], "end": edge[1]}
        rows += connection.execute(narrowed(parameters, rest), parameters | days).fetchall()
    return rows


def split(begin: date, end: date) -> tuple[tuple[date, date] | None, list[tuple[date, date]]]:
    """A period (both ends included) as whole months, told by their first days, and the days left over."""
    if begin.day != 1 and _last_day(begin) == LAST:
        return None, [(begin, end)]
    first = begin if begin.day == 1 else _last_day(begin) + timedelta(1)
    last = end.replace(day=1)
    if end != _last_day(end):
        if last == FIRST:
            return None, [(begin, end)]
        last = (last - timedelta(1)).replace(day=1)
    if first > last:
        return None, [(begin, end)]
    edges = [] if first == begin else [(begin, first - timedelta(1))]
    if (whole := _last_day(last)) != end:
        edges.append((whole + timedelta(1), end))
    return (first, last), edges


@lru_cache(maxsize=1_000)
def _last_day(day: date) -> date:
    if (day.year, day.month) == (LAST.year, LAST.month):
        return LAST
    return (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)


def _folded(rows: list[_Row], *, every_state: bool) -> PrecedentCounts:
    grounds: dict[str, int] = {}
    offices: dict[str, dict[str, int]] = {}
    closed = [0, 0]
    for row in rows:
        office, what, in_force, superseded, withdrawn = row[:5]
        number = in_force + superseded + withdrawn if every_state else in_force
        if what in OUTCOMES:
            closed[0] += superseded
            closed[1] += withdrawn
            if number:
                own = offices.setdefault(office, {})
                own[what] = own.get(what, 0) + number
        elif number:
            grounds[what] = grounds.get(what, 0) + number
    aspects: dict[str, int] = {}
    for ground, number in grounds.items():
        aspect = ground.partition(":")[0]
        aspects[aspect] = aspects.get(aspect, 0) + number
    outcomes = {
        outcome: number for outcome in OUTCOMES if (number := sum(own.get(outcome, 0) for own in offices.values()))
    }
    return PrecedentCounts(
        sum(outcomes.values()),
        outcomes,
        _most_first(grounds),
        _most_first(aspects),
        {office: dict(sorted(own.items())) for office, own in sorted(offices.items())},
        *closed,
    )


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
