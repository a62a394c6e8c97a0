"""A learner's record across universities: what was awarded, what was recognised, and the credit that counts once."""

from decimal import Decimal
from typing import Final

import msgspec
from psycopg import Connection

from projections import credentials
from projections.credentials import CredentialView
from projections.errors import TooCostly
from projections.stacks import Key, Stacks

MAX_PAGE: Final = 500
"""Credentials of one page of a record."""
MAX_ADDED: Final = 10_000
"""Active credentials without parts whose credits are added up."""
MAX_STACKED: Final = 1_000
"""Active credentials with parts whose credits are added up."""


class LearnerRecord(msgspec.Struct, frozen=True, rename="camel"):
    """What members said of a learner and have not erased: a page of the credentials, and the sum over all of them."""

    learner: str
    credentials: list[CredentialView]
    ects: Decimal | None
    """The sum over all active credentials, with credit counted once (EVENTS.md); null where there are too many, and on
    all pages but the first."""
    ects_missing: str | None
    """Why there is no sum."""
    decisions: list[str]
    """Decisions that name one of the credentials above openly, `member/decision`: the first 20 of each member for each
    credential."""
    more_decisions: bool
    next: str | None
    """Where the next page begins; null at the end."""


def read(connection: Connection, learner: str, *, after: Key | None = None, limit: int = MAX_PAGE) -> LearnerRecord:
    """Return a learner's record, its credentials in the order of member and id, after a place.

    Empty where nobody says anything of this id.
    """
    held = credentials.of_learner(connection, learner, after, limit)
    ects: Decimal | None = None
    missing: str | None = "the sum is on the first page"
    if after is None:
        try:
            ects, missing = _sum(connection, learner), None
        except TooCostly as error:
            missing = str(error)
    last = held.views[-1] if held.more else None
    return LearnerRecord(
        learner,
        held.views,
        ects,
        missing,
        held.decisions,
        held.more_decisions,
        None if last is None else f"{last.member}/{last.credential}",
    )


def _sum(connection: Connection, learner: str) -> Decimal:
    row = connection.execute(_PLAIN, {"learner": learner, "limit": MAX_ADDED + 1}).fetchone()
    number, total = row or (0, Decimal(0))
    if number > MAX_ADDED:
        raise TooCostly(f"this learner has more than {MAX_ADDED} active credentials")
    stacked = connection.execute(_STACKED, {"learner": learner, "limit": MAX_STACKED + 1}).fetchall()
    if len(stacked) > MAX_STACKED:
        raise TooCostly(f"this learner has more than {MAX_STACKED} active credentials that have parts")
    stacks = Stacks.read(connection, stacked)
    return sum((stacks.own_ects(key) for key in stacked), Decimal(total))


_PLAIN: Final = """
SELECT count(*), coalesce(sum(ects), 0)
FROM (SELECT ects FROM credentials
    WHERE learner = %(learner)s AND status = 'active' AND NOT has_parts LIMIT %(limit)s) AS c
"""
_STACKED: Final = """
SELECT member, credential::text FROM credentials
WHERE learner = %(learner)s AND status = 'active' AND has_parts LIMIT %(limit)s
"""


def known_credentials(connection: Connection, learner: str) -> list[Key]:
    """The credentials that members say are this learner's, and have not erased."""
    return connection.execute(
        "SELECT member, credential::text FROM credentials WHERE learner = %s", (learner,)
    ).fetchall()
