"""Count precedents by outcome, by ground and by office, exactly.

`precedent_counts` has the counts of all time and of whole months. The days that remain at the ends of a period, and the
precedents of a programme, are counted row by row.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.precedents.query import OUTCOMES, PrecedentQuery
from projections.precedents.scope import Scope
from projections.queries import build_query

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
    """Number of superseded ones, whether or not they are counted above."""
    withdrawn: int


class Counted(msgspec.Struct, frozen=True):
    """Counts, and the time in which the listed precedents are."""

    counts: PrecedentCounts
    span: tuple[date, date] | None
    """First and last day of the listed ones; None where there are none."""


NONE: Final = PrecedentCounts(0, {}, {}, {}, {}, 0, 0)

_Row = tuple[Any, ...]
"""Office, outcome or ground, in force, superseded, withdrawn; for a period or a programme also first and last day."""


def count(connection: Connection, query: PrecedentQuery, scope: Scope) -> Counted:
    """Count the precedents of a checked query. Its outcome and ground narrow the span alone."""
    if scope.nothing:
        return Counted(NONE, None)
    listed_what = query.ground or query.outcome
    rows = _rows(connection, query, scope)
    counts = _sum_up(rows, every_state=query.every_state)
    if not (counts.total if listed_what is None else listed_what in counts.outcomes or listed_what in counts.grounds):
        return Counted(counts, None)
    if scope.towards is None and _ever(query):
        return Counted(counts, _months_of(connection, query, scope, listed_what) if listed_what else (FIRST, LAST))
    listed = [
        (begin, end)
        for _, what, in_force, superseded, withdrawn, begin, end in rows
        if (in_force or (query.every_state and (superseded or withdrawn)))
        and (what == listed_what if listed_what else what in OUTCOMES)
    ]
    first, last = min(begin for begin, _ in listed), max(end for _, end in listed)
    return Counted(counts, (max(first, query.begin or FIRST), min(last, query.end or LAST)))


def in_force_by_office(connection: Connection, query: PrecedentQuery, scope: Scope) -> dict[str, dict[str, int]]:
    """Return, by deciding member, how many of its precedents in force have each outcome and name each ground."""
    offices: dict[str, dict[str, int]] = {}
    if scope.nothing:
        return offices
    for office, what, in_force, *_ in _rows(connection, query, scope):
        if in_force:
            own = offices.setdefault(office, {})
            own[what] = own.get(what, 0) + in_force
    return offices


def _ever(query: PrecedentQuery) -> bool:
    return query.begin is None and query.end is None


def _months_of(connection: Connection, query: PrecedentQuery, scope: Scope, what: str) -> tuple[date, date]:
    """Return the days between which precedents have an outcome or ground, so that a rare one is found quickly."""
    parameters = _parameters(query, scope) | {"what": what}
    row = connection.execute(build_query(parameters, "months_of_precedents"), parameters).fetchone()
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
        return connection.execute(build_query(parameters, "count_precedents_towards"), parameters | days).fetchall()
    if _ever(query):
        of_any = query.purpose is None and query.effect is None
        conditions = parameters | {"ever": True, "of_any": of_any or None, "of_some": not of_any or None}
        return connection.execute(build_query(conditions, "count_precedents"), conditions).fetchall()
    months, edges = split(begin, end)
    rows: list[_Row] = []
    if months is not None:
        conditions = parameters | {"begin": months[0], "end": months[1]}
        whole_months = connection.execute(build_query(conditions, "count_precedents"), conditions).fetchall()
        rows += [(*counted, first, _last_day(last)) for *counted, first, last in whole_months]
    rest = "count_precedents_of_offices" if scope.everything else "count_precedents_of_achievements"
    for edge in edges:
        days = {"begin": edge[0], "end": edge[1]}
        rows += connection.execute(build_query(parameters, rest), parameters | days).fetchall()
    return rows


def split(begin: date, end: date) -> tuple[tuple[date, date] | None, list[tuple[date, date]]]:
    """Split a period (both ends included) into whole months, named by their first days, and the remaining days."""
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


def _sum_up(rows: list[_Row], *, every_state: bool) -> PrecedentCounts:
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
