"""Precedents in public: by achievement, what offices stated, and how often they decided which way. No person is named.

Statements and agreements are public in themselves. Decisions are about persons: their outcomes are shown only where an
achievement has ten or more in all, and those of an office only where it has ten or more of them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.core.query_text import parse_words
from projections.precedents.query import OUTCOMES
from projections.queries import build_query, load_query
from projections.recognition.agreements import Recognition, find_recognising
from projections.recognition.statements import Assessed, read_assessments
from projections.relations.stacks import Key
from projections.statistics.small_counts import SMALLEST, leave_out_small
from registry.cursors import Cursors

_SHOWN_STATEMENTS: Final = 50


class PublicQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A search of precedents in public."""

    text: str | None = None
    """Words in the titles, outcomes or descriptions of achievements."""
    member: str | None = None
    """The university whose achievements they are about."""
    office: str | None = None
    """A university whose office has decided or stated something about them."""


class Outcomes(NamedTuple):
    """The public figures of the decisions about one achievement."""

    total: int | None
    """The number of decisions in force; None for one to nine."""
    outcomes: dict[str, int]
    """By outcome, the most frequent first; empty if it is not shown."""
    grounds: dict[str, int]
    """By `aspect:difference`, likewise."""
    offices: dict[str, dict[str, int]]
    """By office, then by outcome: those with enough decisions alone."""
    has_more_offices: bool
    """True if further offices decided, whose decisions are not shown apart."""


class PublicPrecedents(NamedTuple):
    """One achievement with all that is shown of its recognition."""

    member: str
    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    eqf_level: int | None
    decisions: Outcomes
    statements: list[Assessed]
    agreements: list[Recognition]


class PublicPage(NamedTuple):
    """A page of achievements, by title."""

    items: list[PublicPrecedents]
    next: str | None
    """Pass it as `cursor` to read on; None at the end."""


def search(
    connection: Connection, query: PublicQuery, today: date, *, cursor: str | None = None, limit: int = 20
) -> PublicPage:
    """Return the achievements that offices have decided about. Raises `InvalidCursor` and `InvalidQuery`."""
    cursors = Cursors("public precedents", query)
    after = cursors.decode(cursor, str, str, UUID) if cursor else (None, None, None)
    parameters = {
        "words": None if query.text is None else parse_words(connection, query.text),
        "member": query.member,
        "office": query.office,
        "day": today,
        **dict(zip(("after_title", "after_member", "after_achievement"), after, strict=True)),
        "limit": limit + 1,
    }
    rows = connection.execute(build_query(parameters, "decided_achievements"), parameters).fetchall()
    shown = rows[:limit]
    counts = _count_decisions(connection, [(row[0], row[1]) for row in shown])
    items = [_describe(connection, row, counts, today) for row in shown]
    last = shown[-1] if len(rows) > limit else None
    return PublicPage(items, None if last is None else cursors.encode([last[6], last[0], last[1]]))


def _describe(
    connection: Connection, row: Sequence[object], counts: Mapping[Key, dict[str, dict[str, int]]], today: date
) -> PublicPrecedents:
    member, achievement = str(row[0]), str(row[1])
    return PublicPrecedents(
        *row[:6],  # type: ignore[call-arg, arg-type] # the query's columns
        select_public(counts.get((member, achievement), {})),
        read_assessments(connection, member, achievement, today, _SHOWN_STATEMENTS),
        find_recognising(connection, member, achievement, today, limit=_SHOWN_STATEMENTS),
    )


def read_decisions(connection: Connection, member: str, achievement: str) -> Outcomes:
    """Return the public figures of the decisions about one achievement."""
    key = (member, achievement)
    return select_public(_count_decisions(connection, [key]).get(key, {}))


def _count_decisions(connection: Connection, keys: Sequence[Key]) -> dict[Key, dict[str, dict[str, int]]]:
    """Return the numbers of decisions by achievement, office, and outcome or ground."""
    counts: dict[Key, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    parameters = {"members": [key[0] for key in keys], "achievements": [key[1] for key in keys]}
    for member, achievement, office, what, number in connection.execute(load_query("decisions_by_outcome"), parameters):
        counts[member, achievement][office][what] = number
    return counts


def select_public(offices: Mapping[str, Mapping[str, int]]) -> Outcomes:
    """Return the public figures of counts by office, and by outcome or ground."""
    totals = {office: sum(counts.get(each, 0) for each in OUTCOMES) for office, counts in offices.items()}
    total = sum(totals.values())
    if total < SMALLEST:
        return Outcomes(0 if total == 0 else None, {}, {}, {}, has_more_offices=False)
    shown = leave_out_small({(office,): number for office, number in totals.items() if number})
    large_offices = [office for (office,), number in shown.items() if number is not None]
    by_size = sorted(large_offices, key=lambda office: -totals[office])
    sums: dict[str, int] = defaultdict(int)
    for counts in offices.values():
        for what, number in counts.items():
            sums[what] += number
    by_number = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return Outcomes(
        total,
        {what: number for what, number in by_number if what in OUTCOMES},
        {what: number for what, number in by_number if what not in OUTCOMES},
        {office: {each: offices[office][each] for each in OUTCOMES if each in offices[office]} for office in by_size},
        has_more_offices=len(by_size) < len(shown),
    )
