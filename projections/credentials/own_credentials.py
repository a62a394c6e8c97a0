"""Find a member's credentials for a clerk, by achievement, status and awarding day, the newest first."""

from datetime import date
from typing import Final, NamedTuple

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

    @property
    def place(self) -> Place:
        """The place after this credential."""
        return Place(self.awarding_date, self.credential)


def page(connection: Connection, query: CredentialQuery, after: Place | None, limit: int) -> list[Line]:
    """Return the next credentials after a place, at most `limit`, by awarding day and id, both descending."""
    rows = connection.execute(
        "SELECT awarding_date, credential::text, learner::text FROM credentials WHERE member = %(member)s"
        " AND (%(achievement)s::uuid IS NULL OR achievement = %(achievement)s::uuid)"
        " AND (%(status)s::text IS NULL OR status = %(status)s)"
        " AND (%(begin)s::date IS NULL OR awarding_date >= %(begin)s::date)"
        " AND (%(end)s::date IS NULL OR awarding_date <= %(end)s::date)"
        " AND (%(learners)s::uuid[] IS NULL OR learner = ANY(%(learners)s::uuid[]))"
        " AND (%(credentials)s::uuid[] IS NULL OR credential = ANY(%(credentials)s::uuid[]))"
        " AND (%(day)s::date IS NULL OR (awarding_date, credential) < (%(day)s::date, %(last)s::uuid))"
        " ORDER BY awarding_date DESC, credential DESC LIMIT %(limit)s",
        msgspec.structs.asdict(query)
        | {"day": after and after.awarding_date, "last": after and after.credential, "limit": limit},
    )
    return [Line(*row) for row in rows]


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
