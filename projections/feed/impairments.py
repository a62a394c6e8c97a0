"""Find credentials of the feeds' owners that rest on something that no longer holds, and the event that caused it."""

from collections.abc import Sequence
from typing import Final

from psycopg import Connection

from projections.feed.collector import PendingNotice
from projections.relations.stacks import Key, Stacks, read_some

_BATCH_SIZE: Final = 500
"""Larger credentials that are read at once."""


def find_impaired(
    connection: Connection, owners: frozenset[str], member: str, moved: Sequence[str]
) -> list[PendingNotice]:
    """Return notices of the owners' credentials that rest on one of the `moved` credentials of `member`.

    There is one for each part at fault that another member issued. Its cause is the event that ended the part, or the
    last of the part's replacements.
    """
    if not moved:
        return []
    stacks = connection.execute(_ABOVE, {"member": member, "moved": list(moved), "owners": sorted(owners)}).fetchall()
    if not stacks:
        return []
    faults: dict[Key, list[tuple[Key, Key]]] = {}
    while stacks:
        graph, number = read_some(stacks[:_BATCH_SIZE], lambda some: Stacks.read(connection, some))
        for stack in stacks[:number]:
            for part in graph.faults(stack):
                culprit = graph.culprit(part)
                if culprit[0] != stack[0]:  # a member knows what it did itself
                    faults.setdefault(culprit, []).append((stack, part))
        stacks = stacks[number:]
    if not faults:
        return []
    places = connection.execute(_ENDED, ([key[0] for key in faults], [key[1] for key in faults])).fetchall()
    return [
        PendingNotice(
            stack[0],
            "credential.impaired",
            stack[1],
            cause,
            leaf,
            size,
            {"by": cause, "part": {"member": part[0], "credential": part[1]}},
        )
        for cause, credential, leaf, size in places
        for stack, part in faults[cause, credential]
    ]


# Upwards from what changed: to credentials that have it as a part, and to those that it replaced.
_ABOVE = """
WITH RECURSIVE above (member, credential) AS (
    SELECT %(member)s::text COLLATE "default", m.credential FROM unnest(%(moved)s::uuid[]) AS m (credential)
  UNION
    SELECT n.member, n.credential
    FROM above a
    CROSS JOIN LATERAL (
        SELECT p.member, p.credential FROM parts p
        WHERE p.part_member = a.member AND p.part_credential = a.credential
      UNION ALL
        SELECT c.member, c.credential FROM credentials c
        WHERE c.member = a.member AND c.replaced_by = a.credential
    ) AS n
)
SELECT a.member, a.credential::text FROM above a
JOIN credentials c ON c.member = a.member AND c.credential = a.credential
WHERE a.member = ANY(%(owners)s) AND c.has_parts
ORDER BY 1, 2
"""

_ENDED = """
SELECT w.member, w.credential::text, e.leaf, o.size
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
CROSS JOIN LATERAL (
    SELECT max(leaf) AS leaf FROM (
        SELECT s.leaf FROM status_changes s
        WHERE s.member = w.member AND s.credential = w.credential AND s.effective
          AND s.status IN ('revoked', 'replaced')
      UNION ALL
        SELECT v.leaf FROM voided_credentials v WHERE v.member = w.member AND v.credential = w.credential
    ) AS ends
) AS e
JOIN positions o ON o.member = w.member
WHERE e.leaf IS NOT NULL
"""
