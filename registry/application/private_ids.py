"""Ids by their beginning, among what this node keeps to itself."""

from typing import Final, LiteralString
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

_QUERIES: Final[dict[str, LiteralString]] = {
    "draft": "SELECT draft::text AS id FROM intake.drafts WHERE draft BETWEEN %s AND %s LIMIT 10",
    "webhook": "SELECT endpoint::text AS id FROM webhooks.endpoints WHERE endpoint BETWEEN %s AND %s LIMIT 10",
    "case": "SELECT id::text AS id FROM office.cases WHERE id BETWEEN %s AND %s LIMIT 10",
    "learner": "SELECT learner::text AS id FROM vault.learners WHERE learner BETWEEN %s AND %s LIMIT 10",
}
PRIVATE: Final = frozenset(_QUERIES)
"""The kinds of what only this node knows under an id."""


def find_between(cursor: Cursor[DictRow], kind: str, low: UUID, high: UUID) -> set[str]:
    """Return the ids of a kind from `low` to `high`, at most 10."""
    return {row["id"] for row in cursor.execute(_QUERIES[kind], (low, high))}
