"""Find a member's credentials for a clerk, by achievement, status and awarding day, the newest first."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString, NamedTuple

import msgspec
from psycopg import Connection


class CredentialQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of a search; None sets no condition."""

    member: str
    achievement: str | None = None
    status: str | None = None
    begin: date | None = None
    end: date | None = None
    learners: list[str] | None = None
    credentials: list[str] | None = None


class Place(NamedTuple):
    """The end of a page: the last credential's awarding day and id."""

    awarding_date: date
    credential: str


class Line(NamedTuple):
    """One credential and its learner, who is None once erased."""

    awarding_date: date
    credential: str
    learner: str | None
    leaf: int

    @property
    def place(self) -> Place:
        """The place after this credential."""
        return Place(self.awarding_date, self.credential)


_SELECT: Final = (
    "SELECT awarding_date, credential::text, learner::text, leaf FROM credentials WHERE member = %(member)s"
)
_CONDITIONS: Final[dict[str, LiteralString]] = {
    "achievement": " AND achievement = %(achievement)s::uuid",
    "status": " AND status = %(status)s",
    "begin": " AND awarding_date >= %(begin)s::date",
    "end": " AND awarding_date <= %(end)s::date",
    "learners": " AND learner = ANY(%(learners)s::uuid[])",
    "credentials": " AND credential = ANY(%(credentials)s::uuid[])",
}


def page(connection: Connection, query: CredentialQuery, after: Place | None, limit: int) -> list[Line]:
    """Return the next credentials after a place, at most `limit`, by awarding day and id, both descending."""
    values = _values(query) | {"day": after and after.awarding_date, "last": after and after.credential, "limit": limit}
    place = "" if after is None else " AND (awarding_date, credential) < (%(day)s::date, %(last)s::uuid)"
    order = " ORDER BY awarding_date DESC, credential DESC LIMIT %(limit)s"
    return [Line(*row) for row in connection.execute(_SELECT + _conditions(query) + place + order, values)]


def page_of_newest(connection: Connection, query: CredentialQuery, before: int | None, limit: int) -> list[Line]:
    """Return the credentials that came on the log last, at most `limit`; with `before`, those of earlier leaves."""
    place = "" if before is None else " AND leaf < %(before)s"
    order = " ORDER BY leaf DESC LIMIT %(limit)s"
    values = _values(query) | {"before": before, "limit": limit}
    return [Line(*row) for row in connection.execute(_SELECT + _conditions(query) + place + order, values)]


def count_matching(connection: Connection, query: CredentialQuery, most: int) -> int:
    """Return the number of credentials that a search finds; `most` where there are that many or more."""
    counted = "SELECT count(*) FROM (SELECT FROM credentials WHERE member = %(member)s"
    row = connection.execute(
        counted + _conditions(query) + " LIMIT %(most)s) AS matching", _values(query) | {"most": most}
    ).fetchone()
    return 0 if row is None else row[0]


def list_matching(
    connection: Connection, query: CredentialQuery, statuses: Sequence[str], limit: int, *, newest: bool = False
) -> list[str]:
    """Return the ids of credentials with one of these statuses, at most `limit`, in the order of `page`.

    With `newest`, they are in the order of `page_of_newest`.
    """
    order: LiteralString = " ORDER BY leaf DESC" if newest else " ORDER BY awarding_date DESC, credential DESC"
    statement = _SELECT + _conditions(query) + " AND status = ANY(%(statuses)s)" + order + " LIMIT %(limit)s"
    values = _values(query) | {"statuses": list(statuses), "limit": limit}
    return [Line(*row).credential for row in connection.execute(statement, values)]


def _values(query: CredentialQuery) -> dict[str, Any]:
    return msgspec.structs.asdict(query)


def _conditions(query: CredentialQuery) -> LiteralString:
    """Return the conditions that a search sets, and no others, so that one plan is good for all of their values."""
    conditions: LiteralString = ""
    for name, condition in _CONDITIONS.items():
        if getattr(query, name) is not None:
            conditions += condition
    return conditions


class AwardedAchievement(NamedTuple):
    """An achievement of which a member has awarded something."""

    achievement: str
    title: dict[str, str]
    """The title of its newest version."""


MAX_ACHIEVEMENTS: Final = 1_000
"""Achievements that a clerk can choose from."""


def count_by_status(connection: Connection, member: str) -> dict[str, int]:
    """Return the number of a member's credentials with each status. Stored counts are read."""
    row = connection.execute(
        "SELECT coalesce(sum(active), 0)::bigint, coalesce(sum(suspended), 0)::bigint,"
        " coalesce(sum(revoked), 0)::bigint, coalesce(sum(replaced), 0)::bigint FROM award_counts WHERE member = %s",
        (member,),
    ).fetchone()
    return dict(zip(("active", "suspended", "revoked", "replaced"), row or (0, 0, 0, 0), strict=True))


def list_awarded_achievements(connection: Connection, member: str) -> list[AwardedAchievement]:
    """Return the achievements that a member has awarded, by their ids: at most `MAX_ACHIEVEMENTS`."""
    rows = connection.execute(
        "SELECT a.achievement::text, v.title"
        " FROM (SELECT DISTINCT achievement FROM award_counts WHERE member = %(member)s) AS w"
        " JOIN achievements a ON a.member = %(member)s AND a.achievement = w.achievement"
        " JOIN achievement_versions v ON v.member = a.member AND v.achievement = a.achievement"
        " AND v.version = a.versions ORDER BY a.achievement LIMIT %(limit)s",
        {"member": member, "limit": MAX_ACHIEVEMENTS},
    )
    return [AwardedAchievement(*row) for row in rows]
