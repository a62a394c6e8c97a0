"""Find a member's credentials for a clerk, by achievement, status and awarding day, the newest first."""

from datetime import date
from typing import NamedTuple

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
