"""Reads, at once, what the rules must know of all the things that a batch touches."""

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential
from registry.rules.stream import AffectedKeys, MemberState


def load(connection: Connection, member: str, touched: AffectedKeys, *, issued: bool) -> MemberState:
    """The things of this member that exist, as its effective events left them.

    `issued`: look for those credentials too that the batch itself creates.
    """
    things = MemberState()
    credentials = touched.credentials | touched.issued if issued else touched.credentials
    if touched.achievements:
        rows = connection.execute(
            "SELECT a.achievement::text, a.retired, array_agg(trim_scale(v.ects)::text ORDER BY v.version)"
            " FROM achievements a JOIN achievement_versions v USING (member, achievement)"
            " WHERE a.member = %s AND a.achievement = ANY(%s::uuid[]) GROUP BY 1, 2",
            (member, array(touched.achievements)),
        )
        for achievement, retired, ects in rows:
            things.achievements[achievement] = Achievement(tuple(map(number, ects)), retired)
    if credentials:
        rows = connection.execute(
            "SELECT credential::text, achievement::text, version, learner::text, status, holder"
            " FROM credentials WHERE member = %s AND credential = ANY(%s::uuid[])",
            (member, array(credentials)),
        )
        for credential, *state in rows:
            things.credentials[credential] = Credential(*state)
    states: tuple[tuple[str, str, str, set[str], dict[str, Any]], ...] = (
        ("decisions", "decision", "state", touched.decisions, things.decisions),
        ("assessments", "assessment", "state", touched.assessments, things.assessments),
        (
            "agreements",
            "agreement",
            "coalesce(withdrawn_from::text, '')",
            touched.agreements,
            things.agreements,
        ),
    )
    for table, key, column, wanted, found in states:
        if wanted:
            rows = connection.execute(
                f"SELECT {key}::text, {column} FROM {table}"  # noqa: S608 - names of our own
                f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
                (member, array(wanted)),
            )
            found.update(rows.fetchall())
    if touched.joined:
        rows = connection.execute(
            "SELECT of_member, achievement::text, version FROM joined"
            " WHERE member = %s AND achievement = ANY(%s::uuid[])",
            (member, array(key[1] for key in touched.joined)),
        )
        things.joined.update(rows.fetchall())
    erased = connection.execute("SELECT FROM erasures WHERE member = %s LIMIT 1", (member,))
    if touched.learners and erased.fetchone() is not None:
        rows = connection.execute(
            "SELECT learner::text FROM erasures WHERE member = %s AND learner = ANY(%s::uuid[])",
            (member, array(touched.learners)),
        )
        things.erased.update(row[0] for row in rows)
    return things


def array(ids: Iterable[str]) -> str:
    """Ids as a PostgreSQL array in one text (they need no quoting): dumped one by one they cost more than the query."""
    return "{" + ",".join(ids) + "}"


def quoted(text: str) -> str:
    """Any text as one of such an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(ects: str | None) -> int | float | None:
    """A credit value as the wire has it, from its text."""
    if ects is None:
        return None
    return int(ects) if "." not in ects else float(ects)
