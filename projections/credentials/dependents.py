"""Find what hangs on credentials: larger credentials that count them, and decisions that rest on them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection

MAX_SHOWN: Final = 20
"""Larger credentials, and decisions, that are named for one credential; all of them are counted."""


class Whole(NamedTuple):
    """A larger credential that counts a credential as a part, and is in force or suspended."""

    member: str
    credential: str
    title: dict[str, str]
    status: str


class RestingDecision(NamedTuple):
    """A decision in force that names a credential openly."""

    member: str
    decision: str
    outcomes: list[str]
    """Those of its grants that rest on this credential."""
    decision_date: Any
    """A day."""


class Dependents(NamedTuple):
    """The larger credentials and decisions that hang on one credential.

    Decisions that name it by a digest alone are not among them: their office alone can find them.
    """

    wholes: list[Whole]
    whole_count: int
    decisions: list[RestingDecision]
    decision_count: int

    @property
    def total(self) -> int:
        """The number of larger credentials and decisions."""
        return self.whole_count + self.decision_count


NOTHING: Final = Dependents([], 0, [], 0)


def read_dependents(connection: Connection, member: str, credentials: Sequence[str]) -> dict[str, Dependents]:
    """Return what hangs on each of a member's credentials. Credentials on which nothing hangs are left out."""
    parameters = {"member": member, "credentials": list(credentials), "limit": MAX_SHOWN}
    wholes: dict[str, list[Whole]] = {}
    decisions: dict[str, list[RestingDecision]] = {}
    counts: dict[str, dict[str, int]] = {"whole": {}, "decision": {}}
    for credential, of, whole, title, status, count in connection.execute(_WHOLES, parameters):
        wholes.setdefault(credential, []).append(Whole(of, whole, title, status))
        counts["whole"][credential] = count
    for credential, of, decision, bases, grants, day, count in connection.execute(_DECISIONS, parameters):
        resting = (grant["outcome"] for grant in grants or () if not set(bases).isdisjoint(grant["from"]))
        outcomes = list(dict.fromkeys(resting))
        decisions.setdefault(credential, []).append(RestingDecision(of, decision, outcomes, day))
        counts["decision"][credential] = count
    return {
        credential: Dependents(
            wholes.get(credential, []),
            counts["whole"].get(credential, 0),
            decisions.get(credential, []),
            counts["decision"].get(credential, 0),
        )
        for credential in {**wholes, **decisions}
    }


_WHOLES: Final = """
SELECT asked.credential::text, w.member, w.credential::text, w.title, w.status, w.count
FROM unnest(%(credentials)s::uuid[]) AS asked (credential) CROSS JOIN LATERAL (
    SELECT c.member, c.credential, v.title, c.status, count(*) OVER () AS count
    FROM parts p JOIN credentials c ON c.member = p.member AND c.credential = p.credential
    JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
    WHERE p.part_member = %(member)s AND p.part_credential = asked.credential AND c.status IN ('active', 'suspended')
    ORDER BY c.member COLLATE "C", c.credential LIMIT %(limit)s
) AS w
"""
_DECISIONS: Final = """
SELECT asked.credential::text, w.member, w.decision::text, w.bases, w.grants, w.decision_date, w.count
FROM unnest(%(credentials)s::uuid[]) AS asked (credential) CROSS JOIN LATERAL (
    SELECT d.member, d.decision, b.bases, d.content -> 'grants' AS grants, d.decision_date, count(*) OVER () AS count
    FROM (SELECT member, decision, array_agg(basis) AS bases FROM decision_bases
        WHERE of_member = %(member)s AND credential = asked.credential GROUP BY member, decision) AS b
    JOIN decisions d ON d.member = b.member AND d.decision = b.decision
    WHERE d.state = 'inForce'
    ORDER BY d.decision_date DESC, d.decision LIMIT %(limit)s
) AS w
"""


class Part(NamedTuple):
    """A part of a larger credential, as the views know it now."""

    member: str
    credential: str
    title: dict[str, str] | None
    """None where the part has not arrived here."""
    status: str | None
    ects: Any
    """The credits for which it counts."""


def read_parts(connection: Connection, member: str, credential: str) -> list[Part]:
    """Return the parts of a credential in their order; empty if it has none."""
    rows = connection.execute(_PARTS, (member, credential))
    return [Part(*row) for row in rows]


_PARTS: Final = """
SELECT p.part_member, p.part_credential::text, v.title, c.status, p.ects
FROM parts p LEFT JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
LEFT JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
WHERE p.member = %s AND p.credential = %s ORDER BY p.part
"""


class LogStep(NamedTuple):
    """A leaf that issued a credential or changed its status."""

    leaf: int
    status: str
    """The status after it."""
    effective: bool
    """False where it changed nothing, as governance lets the log count."""


def read_steps(connection: Connection, member: str, credential: str) -> list[LogStep]:
    """Return the leaves of the member's log that are about a credential, in their order."""
    rows = connection.execute(_STEPS, {"member": member, "credential": credential})
    return [LogStep(*row) for row in rows]


_STEPS: Final = """
SELECT leaf, 'issued', true FROM credentials WHERE member = %(member)s AND credential = %(credential)s
UNION ALL
SELECT leaf, status, effective FROM status_changes WHERE member = %(member)s AND credential = %(credential)s
ORDER BY 1
"""
