"""Find ids by their beginning among what members published."""

from typing import Final, LiteralString
from uuid import UUID

from psycopg import Connection

_PER_MEMBER: Final[dict[str, LiteralString]] = {
    "credential": "SELECT credential FROM credentials WHERE member = %s AND credential BETWEEN %s AND %s LIMIT 10",
    "achievement": "SELECT achievement FROM achievements WHERE member = %s AND achievement BETWEEN %s AND %s LIMIT 10",
    "decision": "SELECT decision FROM decisions WHERE member = %s AND decision BETWEEN %s AND %s LIMIT 10",
    "assessment": "SELECT assessment FROM assessments WHERE member = %s AND assessment BETWEEN %s AND %s LIMIT 10",
    "agreement": "SELECT agreement FROM agreements WHERE member = %s AND agreement BETWEEN %s AND %s LIMIT 10",
}
_LEAF: Final[dict[str, LiteralString]] = {
    "credential": "SELECT leaf FROM credentials WHERE member = %s AND credential = %s",
    "decision": "SELECT leaf FROM decisions WHERE member = %s AND decision = %s",
}
PUBLISHED: Final = frozenset(_PER_MEMBER)
"""The kinds of ids that a member publishes."""


def between(
    connection: Connection, kind: str, low: UUID, high: UUID, member: str | None = None
) -> list[tuple[str, str]]:
    """Return the ids of a kind from `low` to `high`, each with its member: at most 10 for each member."""
    members = [member] if member else [row[0] for row in connection.execute("SELECT member FROM positions ORDER BY 1")]
    return [(each, str(row[0])) for each in members for row in connection.execute(_PER_MEMBER[kind], (each, low, high))]


def find_leaf(connection: Connection, kind: str, member: str, identifier: str) -> int | None:
    """Return the leaf at which a member published a credential or a decision; None if it has not arrived."""
    row = connection.execute(_LEAF[kind], (member, identifier)).fetchone()
    return None if row is None else row[0]


def learners_between(connection: Connection, low: UUID, high: UUID) -> set[str]:
    """Return the learners with ids from `low` to `high` of whom members say something: at most 10."""
    rows = connection.execute(
        "SELECT DISTINCT learner FROM credentials WHERE learner BETWEEN %s AND %s LIMIT 10", (low, high)
    )
    return {str(row[0]) for row in rows}
