"""The decisions of one office in one year, as figures are made from them."""

from datetime import date
from typing import Any, Final, NamedTuple

from psycopg import Connection

from projections.core import contents

MAX_DECISIONS: Final = 20_000
"""The number of decisions of a year that one report reads at most, the earliest first."""


class GrantOutcome(NamedTuple):
    """The outcome of one grant, and its grounds as `aspect:difference`."""

    outcome: str
    grounds: tuple[str, ...]


class YearDecision(NamedTuple):
    """A decision as the figures of a year need it."""

    decision: str
    day: date
    state: str
    superseded_by: str | None
    supersedes: str | None
    purpose: str
    grants: tuple[GrantOutcome, ...]
    countries: tuple[str, ...]
    """The countries that the qualifications come from (ISO 3166-1 alpha-2), each once."""


class OfficeYear(NamedTuple):
    """The decisions of a year, the years that have any, and which decision took the place of which."""

    decisions: list[YearDecision]
    years: list[int]
    superseded_by: dict[str, str]
    """By decision, the one that took its place: from those of the year on to the newest."""
    is_complete: bool


def read_office_year(connection: Connection, member: str, year: int) -> OfficeYear:
    """Return the decisions that an office made in a year."""
    countries: dict[str, str | None] = dict(connection.execute("SELECT member, country FROM members").fetchall())
    rows = connection.execute(
        "SELECT decision::text, decision_date, state, superseded_by::text, purpose, content::text FROM decisions"
        " WHERE member = %s AND decision_date BETWEEN %s AND %s ORDER BY decision_date, leaf LIMIT %s",
        (member, date(year, 1, 1), date(year, 12, 31), MAX_DECISIONS + 1),
    ).fetchall()
    years = connection.execute(
        "SELECT DISTINCT extract(year FROM decision_date)::int FROM decisions WHERE member = %s ORDER BY 1 DESC",
        (member,),
    ).fetchall()
    superseded = connection.execute(
        _SUPERSEDED, {"member": member, "begin": date(year, 1, 1), "end": date(year, 12, 31)}
    ).fetchall()
    return OfficeYear(
        [_decision(row, countries) for row in rows[:MAX_DECISIONS]],
        [each for (each,) in years],
        dict(superseded),
        len(rows) <= MAX_DECISIONS,
    )


_SUPERSEDED: Final = """
WITH RECURSIVE chain (decision, superseded_by) AS (
    SELECT decision, superseded_by FROM decisions
    WHERE member = %(member)s AND decision_date BETWEEN %(begin)s AND %(end)s AND superseded_by IS NOT NULL
    UNION
    SELECT d.decision, d.superseded_by FROM chain c
    JOIN decisions d ON d.member = %(member)s AND d.decision = c.superseded_by
    WHERE d.superseded_by IS NOT NULL
)
SELECT decision::text, superseded_by::text FROM chain
"""


def _decision(row: tuple[Any, ...], countries: dict[str, str | None]) -> YearDecision:
    *columns, purpose, text = row
    content: Any = contents.read(text)
    grants = tuple(
        GrantOutcome(
            grant["outcome"],
            tuple(f"{ground['aspect']}:{ground['difference']}" for ground in grant.get("grounds") or ()),
        )
        for grant in content["grants"]
    )
    places = (
        basis["external"]["country"] if basis.get("external") else countries.get(basis["achievement"]["member"])
        for basis in content["basis"]
    )
    decision, day, state, superseded_by = columns
    return YearDecision(
        decision,
        day,
        state,
        superseded_by,
        content.get("supersedes"),
        purpose,
        grants,
        tuple(dict.fromkeys(place for place in places if place)),
    )
