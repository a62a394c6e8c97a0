"""Read what credentials rest on: their parts, level by level, and what replaced those that were replaced.

registry/wire/SPEC.md limits how deep parts are followed. The number of rows that one answer reads has a limit of its
own, because other members decide how many parts there are between two levels.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from psycopg import Connection

from projections.core.errors import TooCostly

Key = tuple[str, str]
"""Member and id."""

MAX_LEVELS: Final = 16
"""Levels of parts that are followed (registry/wire/SPEC.md, flag `too-deep`)."""
MAX_PARTS: Final = 1_000
"""Distinct parts of one credential, in all levels together (registry/wire/SPEC.md, flag `too-deep`)."""
MAX_PART_ROWS: Final = 5_000
"""Rows of parts that are read together for the credentials of one answer."""
MAX_SEPARATE: Final = 3
"""Credentials of one answer that are followed one by one where their parts together are more rows than that."""
MAX_REPLACEMENT_ROWS: Final = 10_000
"""Replacements that are read for one answer. What was replaced still more often is said to hold no longer."""


class GraphNode(NamedTuple):
    """One credential as stacks see it."""

    status: str
    achievement: str
    version: int
    ects: Decimal | None
    learner: str | None
    replaced_by: str | None
    has_parts: bool


@dataclass
class Reach:
    """Credentials and what they rest on."""

    nodes: dict[Key, GraphNode] = field(default_factory=dict)
    voided: set[Key] = field(default_factory=set)
    """Those that are not known because their issuing was voided."""
    parts: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    """The direct parts of each credential that was followed."""
    replacements_cut: bool = False
    """True if there are more replacements than were read."""
    separate: dict[Key, frozenset[Key] | None] = field(default_factory=dict)
    """All parts, however deep, of each credential that was followed by itself; None where it is too deep."""

    def take(self, key: Key, row: Sequence[Any]) -> None:
        """Add one credential from its columns of a row."""
        if row[0] is not None:
            self.nodes[key] = GraphNode(*row[:7])
        elif row[7]:
            self.voided.add(key)


def read(connection: Connection, roots: Iterable[Key]) -> Reach:
    """Read what these credentials rest on.

    Raises `TooCostly` where that is more rows than one answer may read. One credential alone is never too costly.
    """
    keys = list(dict.fromkeys(roots))
    reach = Reach()
    if not keys:
        return reach
    for member, credential, *row in connection.execute(_ROOTS, _columns(keys)):
        reach.take((member, credential), row)
    stacked = [key for key in keys if key in reach.nodes and reach.nodes[key].has_parts]
    if not _follow_together(connection, reach, stacked):
        if len(stacked) > MAX_SEPARATE:
            raise TooCostly(f"the parts of these {len(stacked)} credentials are more than {MAX_PART_ROWS} rows")
        for key in stacked:
            _follow_alone(connection, reach, key)
    _read_replacements(connection, reach)
    if reach.replacements_cut and len(keys) > 1:
        raise TooCostly(f"parts of these {len(keys)} credentials were replaced more than {MAX_REPLACEMENT_ROWS} times")
    return reach


def _follow_together(connection: Connection, reach: Reach, stacked: Sequence[Key]) -> bool:
    """Read the parts of all of them. Return whether they were few enough."""
    level, left = list(stacked), MAX_PART_ROWS
    reached_so_far = set(stacked)
    for _ in range(MAX_LEVELS + 1):  # one more, to find out whether there are too many levels
        if not level:
            break
        rows = connection.execute(_PARTS, {**_columns(level), "limit": left + 1}).fetchall()
        if len(rows) > left:
            reach.parts.clear()
            return False
        left -= len(rows)
        parts: dict[Key, list[Key]] = {}
        for member, credential, part_member, part_credential, *row in rows:
            key = part_member, part_credential
            parts.setdefault((member, credential), []).append(key)
            reach.take(key, row)
        reach.parts.update((key, tuple(direct)) for key, direct in parts.items())
        reached = {key for direct in parts.values() for key in direct} - reached_so_far
        reached_so_far |= reached
        if len(stacked) == 1 and len(reached_so_far) > MAX_PARTS + 1:
            break  # too deep already
        level = [key for key in reached if key in reach.nodes and reach.nodes[key].has_parts]
    return True


def _follow_alone(connection: Connection, reach: Reach, root: Key) -> None:
    """Read the distinct parts of each level, without the credentials that have them."""
    reached_so_far: set[Key] = set()
    level = [root]
    for number in range(MAX_LEVELS + 1):
        rows = connection.execute(_DISTINCT_PARTS, {**_columns(level), "limit": 2 * MAX_PARTS + 1}).fetchall()
        reached = set()
        for member, credential, *row in rows:
            reach.take((member, credential), row)
            reached.add((member, credential))
        if number == 0:
            reach.parts[root] = tuple(reached)
        reached -= reached_so_far
        if not reached:
            reach.separate[root] = frozenset(reached_so_far)
            return
        reached_so_far |= reached
        if len(reached_so_far) > MAX_PARTS:
            break
        level = [key for key in reached if key in reach.nodes and reach.nodes[key].has_parts]
        if not level and number < MAX_LEVELS:
            reach.separate[root] = frozenset(reached_so_far)
            return
    reach.separate[root] = None


def _read_replacements(connection: Connection, reach: Reach) -> None:
    starts: Collection[Key] = [
        (key[0], node.replaced_by)
        for key, node in reach.nodes.items()
        if node.replaced_by is not None and (key[0], node.replaced_by) not in reach.nodes
    ]
    if not starts:
        return
    rows = connection.execute(_REPLACEMENTS, {**_columns(list(starts)), "limit": MAX_REPLACEMENT_ROWS + 1}).fetchall()
    reach.replacements_cut = len(rows) > MAX_REPLACEMENT_ROWS
    for member, credential, *row in rows:
        reach.take((member, credential), row)


def _columns(keys: Sequence[Key]) -> dict[str, Any]:
    return {"members": [key[0] for key in keys], "ids": [key[1] for key in keys]}


_FACTS: Final = """
    c.status, c.achievement::text, c.version, c.ects, c.learner::text, c.replaced_by::text, c.has_parts"""

_VOIDED: Final = """
    c.member IS NULL AND EXISTS (
        SELECT FROM voided_credentials v WHERE v.member = {0} AND v.credential = {1})"""

_ROOTS: Final = f"""
SELECT w.member, w.credential::text, {_FACTS}, {_VOIDED.format("w.member", "w.credential")}
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
LEFT JOIN credentials c ON c.member = w.member AND c.credential = w.credential
""".encode()  # noqa: S608 - names of our own

# OFFSET 0 keeps each credential's parts a look-up of their own: the limit then ends the reading, not only the answer.
_EACH_PART: Final = """
FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
CROSS JOIN LATERAL (
    SELECT part_member, part_credential FROM parts
    WHERE member = w.member AND credential = w.credential OFFSET 0) AS p
"""

_PARTS: Final = f"""
SELECT p.member, p.credential, p.part_member, p.id, {_FACTS}, {_VOIDED.format("p.part_member", "p.part_credential")}
FROM (SELECT w.member, w.credential::text AS credential, p.part_member, p.part_credential::text AS id, p.part_credential
    {_EACH_PART} LIMIT %(limit)s) AS p
LEFT JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
""".encode()  # noqa: S608 - names of our own

_DISTINCT_PARTS: Final = f"""
SELECT p.part_member, p.part_credential::text, {_FACTS}, {_VOIDED.format("p.part_member", "p.part_credential")}
FROM (SELECT DISTINCT p.part_member, p.part_credential {_EACH_PART} LIMIT %(limit)s) AS p
LEFT JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
""".encode()  # noqa: S608 - names of our own

_REPLACEMENTS: Final = f"""
WITH RECURSIVE later (member, credential) AS (
    SELECT w.member COLLATE "default", w.credential
    FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
  UNION
    SELECT n.member, n.replaced_by
    FROM later l
    CROSS JOIN LATERAL (
        SELECT o.member, o.replaced_by FROM credentials o
        WHERE o.member = l.member AND o.credential = l.credential AND o.replaced_by IS NOT NULL OFFSET 0) AS n
)
SELECT c.member, c.credential::text, {_FACTS}, false
FROM (SELECT member, credential FROM later LIMIT %(limit)s) AS l
CROSS JOIN LATERAL (
    SELECT * FROM credentials o WHERE o.member = l.member AND o.credential = l.credential OFFSET 0) AS c
""".encode()  # noqa: S608 - names of our own
