"""Reads, at once, what the rules must know of all the things that a batch touches."""

from collections.abc import Iterable
from typing import Any

import msgspec
from psycopg import Connection

from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential
from registry.rules.stream import Things, Touched


def load(connection: Connection, member: str, touched: Touched, *, issued: bool) -> Things:
    """The things of this member that exist, as its effective events left them.

    `issued`: look for those credentials too that the batch itself creates.
    """
    things = Things()
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
    for table, key, state, wanted, found in (
        ("decisions", "decision", "state", touched.decisions, things.decisions),
        ("assessments", "assessment", "state", touched.assessments, things.assessments),
        ("agreements", "agreement", "coalesce(withdrawn_from::text, '')", touched.agreements, things.agreements),
    ):
        if wanted:
            rows = connection.execute(
                f"SELECT {key}::text, {state} FROM {table}"  # noqa: S608 - names of our own
                f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
                (member, array(wanted)),
            )
            found.update(dict(rows.fetchall()))  # type: ignore[call-overload] # states are texts
    if touched.joined:
        rows = connection.execute(
            "SELECT of_member, achievement::text, version FROM joined WHERE member = %s AND achievement = ANY(%s::uuid[])",
            (member, array(key[1] for key in touched.joined)),
        )
        things.joined.update(rows.fetchall())  # type: ignore[arg-type] # the three columns of a key
    erased = connection.execute("SELECT FROM erasures WHERE member = %s LIMIT 1", (member,))
    if touched.learners and erased.fetchone() is not None:
        rows = connection.execute(
            "SELECT learner::text FROM erasures WHERE member = %s AND learner = ANY(%s::uuid[])",
            (member, array(touched.learners)),
        )
        things.erased.update(row[0] for row in rows)
    return things


def array(ids: Iterable[str]) -> str:
    """Ids, which need no quoting, as a PostgreSQL array in one text: dumped one by one they cost more than the query."""
    return "{" + ",".join(ids) + "}"


def number(ects: str | None) -> int | float | None:
    """A credit value as the wire has it, from its text."""
    if ects is None:
        return None
    return int(ects) if "." not in ects else float(ects)


class Overlay:
    """Where a member's leaves alone lead to other achievements and credentials than governance lets them.

    A seal speaks of what the issuer published, whatever governance refused of it. That differs from the
    effective state in few things, and for few members; only the differences are kept.
    """

    def __init__(self, connection: Connection, member: str, touched: Touched) -> None:
        self._connection = connection
        self._member = member
        self._found: dict[str, dict[str, Any]] = {}
        for table, key, wanted in (
            ("published_achievements", "achievement", touched.achievements),
            ("published_credentials", "credential", touched.credentials | touched.issued),
        ):
            rows = connection.execute(
                f"SELECT {key}::text, state::text FROM {table}"  # noqa: S608 - names of our own
                f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
                (member, array(wanted)),
            )
            self._found[table] = dict(rows.fetchall())  # type: ignore[call-overload] # two columns

    def published(self, effective: Things) -> Things:
        """The things as published, from the effective ones and what is known to differ."""
        things = Things()
        for table, kind, into, known in (
            ("published_achievements", Achievement, things.achievements, effective.achievements),
            ("published_credentials", Credential, things.credentials, effective.credentials),
        ):
            into.update(known)  # type: ignore[attr-defined] # each of its own kind
            for key, state in self._found[table].items():
                if state is None:
                    into.pop(key, None)
                else:
                    into[key] = msgspec.json.decode(state, type=kind)  # type: ignore[index] # likewise
        return things

    def save(self, effective: Things, published: Things) -> None:
        """Keep what differs now, and drop what no longer does."""
        for table, key, alone, known in (
            ("published_achievements", "achievement", published.achievements, effective.achievements),
            ("published_credentials", "credential", published.credentials, effective.credentials),
        ):
            touched = sorted({*alone, *known, *self._found[table]})
            differing = [item for item in touched if alone.get(item) != known.get(item)]  # type: ignore[attr-defined] # each of its own kind
            states = [
                None if (state := alone.get(item)) is None else msgspec.json.encode(state).decode()  # type: ignore[attr-defined] # likewise
                for item in differing
            ]
            self._connection.execute(
                f"DELETE FROM {table} WHERE member = %s AND {key} = ANY(%s::uuid[])",  # noqa: S608 - names of our own
                (self._member, touched),
            )
            self._connection.execute(
                f"INSERT INTO {table} (member, {key}, state)"  # noqa: S608 - names of our own
                " SELECT %s, * FROM unnest(%s::uuid[], %s::json[])",
                (self._member, differing, states),
            )
