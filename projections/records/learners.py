"""A learner's record across universities: what was awarded, what was recognised, and the credit that counts once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec
from psycopg import Connection

from projections.core.errors import TooCostly
from projections.credentials import credentials
from projections.credentials.credentials import CredentialView
from projections.relations.stacks import Key, Stacks

MAX_PAGE: Final = 500
"""Credentials of one page of a record."""
MAX_ADDED: Final = 10_000
"""Active credentials whose credits are added up, and among which retakes are looked for."""
MAX_STACKED: Final = 1_000
"""Active credentials with parts whose credits are added up."""


class Retake(msgspec.Struct, frozen=True, rename="camel"):
    """An active credential whose credits do not count, since a later one is for the same achievement."""

    credential: str
    """`member/credential`"""
    counts: str
    """The credential that counts, `member/credential`: the one awarded last."""


class LearnerRecord(msgspec.Struct, frozen=True, rename="camel"):
    """A learner's record: a page of the credentials that members have not erased, and the sum over all of them."""

    learner: str
    credentials: list[CredentialView]
    ects: Decimal | None
    """The sum over all active credentials, with credit counted once (registry/wire/SPEC.md); null where there are too
    many, and on all pages but the first."""
    ects_without_retakes: Decimal | None
    """The same sum, with one credential of each achievement: what the learner has. It is what people are shown."""
    ects_missing: str | None
    """The reason why there is no sum."""
    retaken: list[Retake]
    """Credentials of this page whose credits do not count, since a later one of the same achievement does. Empty if
    there are too many for a sum."""
    decisions: list[str]
    """Decisions that name one of the credentials above openly, `member/decision`: the first 20 of each member for each
    credential."""
    more_decisions: bool
    next: str | None
    """The beginning of the next page; null at the end."""


def list_erased(connection: Connection, member: str) -> set[str]:
    """Return the learners whose erasure by a member is on the log."""
    rows = connection.execute("SELECT learner::text FROM erasures WHERE member = %s", (member,))
    return {learner for (learner,) in rows}


def read(connection: Connection, learner: str, *, after: Key | None = None, limit: int = MAX_PAGE) -> LearnerRecord:
    """Return a learner's record, its credentials in the order of member and id, after a place.

    It is empty if no member has a credential of this learner.
    """
    page = credentials.of_learner(connection, learner, after, limit)
    ects: Decimal | None = None
    once: Decimal | None = None
    missing: str | None = "the sum is on the first page"
    if after is None:
        try:
            (ects, once), missing = _sums(connection, learner), None
        except TooCostly as error:
            missing = str(error)
    last = page.views[-1] if page.more else None
    return LearnerRecord(
        learner,
        page.views,
        ects,
        once,
        missing,
        _retaken(connection, learner, [(view.member, view.credential) for view in page.views]),
        page.decisions,
        page.more_decisions,
        None if last is None else f"{last.member}/{last.credential}",
    )


def _sums(connection: Connection, learner: str) -> tuple[Decimal, Decimal]:
    """Return the sum over all active credentials, and the sum without retakes, which is usually the same."""
    if _are_too_many(connection, learner):
        raise TooCostly(f"this learner has more than {MAX_ADDED} active credentials")
    total = _sum(connection, learner, "")
    [retook] = connection.execute(_RETOOK, {"learner": learner}).fetchone() or (False,)
    return total, _sum(connection, learner, _NO_RETAKE) if retook else total


def _sum(connection: Connection, learner: str, which: str) -> Decimal:
    [total] = connection.execute(_PLAIN.format(which), {"learner": learner}).fetchone() or (Decimal(0),)
    stacked = connection.execute(_STACKED.format(which), {"learner": learner, "limit": MAX_STACKED + 1}).fetchall()
    if len(stacked) > MAX_STACKED:
        raise TooCostly(f"this learner has more than {MAX_STACKED} active credentials that have parts")
    stacks = Stacks.read(connection, stacked)
    return sum((stacks.own_ects(key) for key in stacked), Decimal(total))


def _are_too_many(connection: Connection, learner: str) -> bool:
    row = connection.execute(_ACTIVE, {"learner": learner, "limit": MAX_ADDED + 1}).fetchone()
    return row is not None and row[0] > MAX_ADDED


def _retaken(connection: Connection, learner: str, keys: Sequence[Key]) -> list[Retake]:
    if _are_too_many(connection, learner):
        return []
    parameters = {
        "learner": learner,
        "members": [member for member, _ in keys],
        "credentials": [credential for _, credential in keys],
    }
    rows = connection.execute(_RETAKEN, parameters).fetchall()
    return [Retake(f"{member}/{credential}", f"{member}/{counts}") for member, credential, counts in rows]


_ACTIVE: Final = """
SELECT count(*)
FROM (SELECT FROM credentials WHERE learner = %(learner)s AND status = 'active' LIMIT %(limit)s) AS active
"""
_RETAKES: Final = """
SELECT member, credential, counts FROM (
    SELECT c.member, c.credential, first_value(c.credential) OVER newest AS counts FROM credentials AS c
    WHERE c.learner = %(learner)s AND c.status = 'active' AND NOT EXISTS (
        SELECT FROM parts AS p JOIN credentials AS w ON w.member = p.member AND w.credential = p.credential
        WHERE p.part_member = c.member AND p.part_credential = c.credential
        AND w.member = c.member AND w.achievement = c.achievement AND w.status = 'active'
    )
    WINDOW newest AS (
        PARTITION BY c.member, c.achievement ORDER BY c.awarding_date DESC, c.credential DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
) AS active WHERE credential <> counts
"""
"""Of each achievement, whatever its version, one active credential counts: the one awarded last, of the same day the
one with the greatest id. Which result is better cannot be known here. A part of another credential of the same
achievement is not a retake: the larger one adds only what its parts do not."""
_NO_RETAKE: Final = f"AND (member, credential) NOT IN (SELECT member, credential FROM ({_RETAKES}) AS retakes)"  # noqa: S608 - a text of our own
_RETOOK: Final = f"SELECT EXISTS ({_RETAKES})"
_PLAIN: Final = """
SELECT coalesce(sum(ects), 0) FROM credentials
WHERE learner = %(learner)s AND status = 'active' AND NOT has_parts {}
"""
_STACKED: Final = """
SELECT member, credential::text FROM credentials
WHERE learner = %(learner)s AND status = 'active' AND has_parts {} LIMIT %(limit)s
"""
_RETAKEN: Final = f"""
SELECT member, credential::text, counts::text FROM ({_RETAKES}) AS retakes
JOIN unnest(%(members)s::text[], %(credentials)s::uuid[]) AS asked (member, credential) USING (member, credential)
ORDER BY member COLLATE "C", credential
"""  # noqa: S608 - a text of our own


def known_credentials(connection: Connection, learners: Sequence[str]) -> list[Key]:
    """Return the credentials that members say are these learners', and have not erased."""
    return connection.execute(
        "SELECT member, credential::text FROM credentials WHERE learner = ANY(%s::uuid[])", (list(learners),)
    ).fetchall()


def relied_on(connection: Connection, member: str, credentials: Sequence[str]) -> dict[str, str]:
    """Return, of a member's credentials, what rests on each, in words: larger credentials, and decisions in force.

    Credentials on which nothing rests are omitted. A decision that names its credential by digest is not found.
    """
    parameters = {"member": member, "credentials": list(credentials)}
    stacked = connection.execute(_STACKED_INTO, parameters).fetchall()
    decided = connection.execute(_DECIDED_UPON, parameters).fetchall()
    wholes = {credential: f"it is a part of credential {whole}" for credential, whole in stacked}
    return {**{credential: f"decision {decision} rests on it" for credential, decision in decided}, **wholes}


_STACKED_INTO: Final = """
SELECT p.part_credential::text, min(p.member || '/' || p.credential::text)
FROM parts p JOIN credentials c USING (member, credential)
WHERE p.part_member = %(member)s AND p.part_credential = ANY(%(credentials)s::uuid[])
AND c.status IN ('active', 'suspended') GROUP BY 1
"""
_DECIDED_UPON: Final = """
SELECT b.credential::text, min(d.member || '/' || d.decision::text)
FROM decision_bases b JOIN decisions d USING (member, decision)
WHERE b.of_member = %(member)s AND b.credential = ANY(%(credentials)s::uuid[]) AND d.state = 'inForce' GROUP BY 1
"""
