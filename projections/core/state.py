"""Read the state of all that a batch affects, as the rules need it."""

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential
from registry.rules.stream import AffectedKeys, MemberState


def load(connection: Connection, member: str, affected: AffectedKeys, *, issued: bool) -> MemberState:
    """Return the states that this member's effective events have left.

    With `issued`, look for the credentials that the batch itself issues, too.
    """
    states = MemberState()
    credentials = affected.credentials | affected.issued if issued else affected.credentials
    if affected.achievements:
        rows = connection.execute(
            "SELECT a.achievement::text, a.retired, array_agg(trim_scale(v.ects)::text ORDER BY v.version)"
            " FROM achievements a JOIN achievement_versions v USING (member, achievement)"
            " WHERE a.member = %s AND a.achievement = ANY(%s::uuid[]) GROUP BY 1, 2",
            (member, array(affected.achievements)),
        )
        for achievement, retired, ects in rows:
            states.achievements[achievement] = Achievement(tuple(map(number, ects)), retired)
    if credentials:
        rows = connection.execute(
            "SELECT credential::text, achievement::text, version, learner::text, status, holder"
            " FROM credentials WHERE member = %s AND credential = ANY(%s::uuid[])",
            (member, array(credentials)),
        )
        for credential, *state in rows:
            states.credentials[credential] = Credential(*state)
    tables: tuple[tuple[str, str, str, set[str], dict[str, Any]], ...] = (
        ("decisions", "decision", "state", affected.decisions, states.decisions),
        ("assessments", "assessment", "state", affected.assessments, states.assessments),
        (
            "agreements",
            "agreement",
            "coalesce(withdrawn_from::text, '')",
            affected.agreements,
            states.agreements,
        ),
    )
    for table, key, column, ids, loaded in tables:
        if ids:
            rows = connection.execute(
                f"SELECT {key}::text, {column} FROM {table}"  # noqa: S608 - names of our own
                f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
                (member, array(ids)),
            )
            loaded.update(rows.fetchall())
    if affected.joined:
        rows = connection.execute(
            "SELECT of_member, achievement::text, version FROM joined"
            " WHERE member = %s AND achievement = ANY(%s::uuid[])",
            (member, array(key[1] for key in affected.joined)),
        )
        states.joined.update(rows.fetchall())
    if affected.issuing_keys:
        rows = connection.execute(
            "SELECT key, coalesce(reason, 'inForce') FROM issuing_keys WHERE member = %s AND key = ANY(%s)",
            (member, list(affected.issuing_keys)),
        )
        states.issuing_keys.update(rows.fetchall())
    _load_erased(connection, member, affected, states)
    return states


def _load_erased(connection: Connection, member: str, affected: AffectedKeys, states: MemberState) -> None:
    """Add the learners whom this member has erased to the states."""
    erased = connection.execute("SELECT FROM erasures WHERE member = %s LIMIT 1", (member,))
    if affected.learners and erased.fetchone() is not None:
        rows = connection.execute(
            "SELECT learner::text FROM erasures WHERE member = %s AND learner = ANY(%s::uuid[])",
            (member, array(affected.learners)),
        )
        states.erased.update(row[0] for row in rows)


def array(ids: Iterable[str]) -> str:
    """Return ids, which need no quoting, as the text of an array. psycopg's own dump costs more than the query."""
    return "{" + ",".join(ids) + "}"


def quote(text: str) -> str:
    """Return any text as an element of such an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(ects: str | None) -> int | float | None:
    """Return a credit value as the wire has it, from its text."""
    if ects is None:
        return None
    return int(ects) if "." not in ects else float(ects)
