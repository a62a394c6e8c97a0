"""An office's decisions, and what has been decided about an achievement: how they are read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from psycopg import Connection

from projections.core import contents
from projections.core.errors import TooCostly
from projections.queries import build_query
from projections.relations.stacks import NOT_JUDGED, Key, Listed, Stacks, read_some


class DecisionView(msgspec.Struct, frozen=True, rename="camel"):
    """A recognition decision: its state, its flags, and its data as published."""

    member: str
    decision: str
    leaf: int
    state: str
    purpose: str
    effect: str
    decision_date: date
    superseded_by: str | None
    content: Any
    flags: list[str]
    """`not-judged` where what it names rests on more parts than one answer reads."""


def read(connection: Connection, keys: Sequence[Key]) -> list[DecisionView]:
    """These decisions, in the order of member and id; those that are not known are left out."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM unnest(%s::text[], %s::uuid[]) AS w (member, decision)"  # noqa: S608 - names of our own
        ' JOIN decisions d USING (member, decision) ORDER BY d.member COLLATE "C", d.decision',
        ([key[0] for key in keys], [key[1] for key in keys]),
    ).fetchall()
    return _views(connection, rows)


def of_office(
    connection: Connection,
    member: str,
    begin: date,
    end: date,
    limit: int = 1000,
    after: tuple[date, int] | None = None,
) -> Listed[DecisionView]:
    """Return an office's decisions within a period, both ends included, newest first, after a place (day, leaf).

    A page ends early where what the decisions name rests on too many parts to be read together.
    """
    day, leaf = after or (None, None)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM decisions d WHERE d.member = %s AND d.decision_date BETWEEN %s AND %s"  # noqa: S608 - names of our own
        " AND (%s::date IS NULL OR (d.decision_date, d.leaf) < (%s::date, %s::bigint))"
        " ORDER BY d.decision_date DESC, d.leaf DESC LIMIT %s",
        (member, begin, end, day, day, leaf, limit + 1),
    ).fetchall()
    items, number = read_some(rows[:limit], lambda some: _views(connection, some))
    return Listed(items, number < len(rows))


def about(connection: Connection, key: Key, after: Key | None, limit: int) -> list[Key]:
    """Return the decisions that name a credential openly, in the order of member and id, after a place.

    Decisions of a decider that erased the learner are omitted.
    """
    parameters = {
        "member": key[0],
        "credential": key[1],
        "after": after and after[0],
        "after_id": after and after[1],
        "limit": limit,
    }
    return connection.execute(build_query(parameters, "decisions_about"), parameters).fetchall()


_COLUMNS = (
    "d.member, d.decision::text, d.leaf, d.state, d.purpose, d.effect, d.decision_date, d.superseded_by::text,"
    " d.content::text AS content"
)


def _views(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[DecisionView]:
    named: dict[Key, list[Key]] = {}
    for member, decision, of_member, credential in connection.execute(
        "SELECT b.member, b.decision::text, b.of_member, b.credential::text"
        " FROM unnest(%s::text[], %s::uuid[]) AS w (member, decision) JOIN decision_bases b USING (member, decision)"
        " WHERE b.credential IS NOT NULL",
        ([row[0] for row in rows], [row[1] for row in rows]),
    ):
        named.setdefault((member, decision), []).append((of_member, credential))
    try:
        stacks = Stacks.read(connection, {key for keys in named.values() for key in keys})
    except TooCostly:
        if len(rows) > 1:
            raise
        stacks = None
    return [
        DecisionView(  # type: ignore[call-arg] # a row has as many
            *columns,
            contents.read(content),
            [NOT_JUDGED] if stacks is None else stacks.reference_flags(named.get((columns[0], columns[1]), ())),
        )
        for *columns, content in rows
    ]


class AgreementView(msgspec.Struct, frozen=True, rename="camel"):
    """An agreement of automatic recognition."""

    member: str
    agreement: str
    with_member: str
    valid_from: date
    valid_until: date | None
    withdrawn_from: date | None
    mutual: bool
    """True if it is not withdrawn, and the other member has one with this member that is not withdrawn either."""
    content: Any
    """The agreement as declared: achievements, purpose, outcome, ratio, revisions."""


def agreements(
    connection: Connection,
    member: str | None = None,
    agreement: str | None = None,
    *,
    with_member: str | None = None,
    in_force_on: date | None = None,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[AgreementView]:
    """Return agreements in the order of member and id after a place: all, a member's, those with one, or one.

    `in_force_on`: only those that cover something on this day.
    """
    rows = connection.execute(
        "SELECT a.member, a.agreement::text, a.with_member, a.valid_from, a.valid_until, a.withdrawn_from,"
        " a.withdrawn_from IS NULL AND EXISTS (SELECT FROM agreements b WHERE b.member = a.with_member"
        " AND b.with_member = a.member AND b.withdrawn_from IS NULL), a.content::text"
        " FROM agreements a WHERE (%(member)s::text IS NULL OR a.member = %(member)s)"
        " AND (%(agreement)s::uuid IS NULL OR a.agreement = %(agreement)s)"
        " AND (%(with_member)s::text IS NULL OR a.with_member = %(with_member)s)"
        " AND (%(day)s::date IS NULL OR %(day)s::date BETWEEN a.valid_from"
        " AND coalesce(a.valid_until, 'infinity') AND coalesce(a.withdrawn_from, 'infinity') > %(day)s::date)"
        ' AND (%(after)s::text IS NULL OR (a.member COLLATE "C", a.agreement) > (%(after)s, %(after_id)s::uuid))'
        ' ORDER BY a.member COLLATE "C", a.agreement LIMIT %(limit)s',
        {
            "member": member,
            "agreement": agreement,
            "with_member": with_member,
            "day": in_force_on,
            "after": after and after[0],
            "after_id": after and after[1],
            "limit": limit,
        },
    )
    return [AgreementView(*row, contents.read(content)) for *row, content in rows]  # type: ignore[call-arg] # as many


def joint(connection: Connection) -> dict[str, str]:
    """Return each co-awarder of each version, `member/achievement/version/co-awarder`: `claimed` until it joins."""
    rows = connection.execute(
        "SELECT v.member || '/' || v.achievement || '/' || v.version || '/' || b.body,"
        " CASE WHEN j.member IS NULL THEN 'claimed' ELSE 'confirmed' END"
        " FROM achievement_versions v CROSS JOIN LATERAL (SELECT DISTINCT unnest(v.bodies) AS body) AS b"
        " LEFT JOIN joined j ON j.member = b.body AND j.of_member = v.member"
        "   AND j.achievement = v.achievement AND j.version = v.version"
        " WHERE b.body <> v.member ORDER BY 1"
    )
    return dict(rows.fetchall())
