"""What credentials say of each other across members: parts, replacements, and the flags that follow.

Nothing of this is stored. The rows that credentials reach through their parts are read at once, and the
flags are computed from them, so that they resolve by themselves when another member's stream says more.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg import Connection

Key = tuple[str, str]
"""Member and id."""

PENDING = "pending"
MISMATCH = "learner-mismatch"
IMPAIRED = "impaired"
CIRCULAR = "circular"


class Node(NamedTuple):
    """One credential as stacks see it."""

    status: str
    achievement: str
    version: int
    ects: Decimal | None
    learner: str | None
    replaced_by: str | None
    parts: tuple[Key, ...]


def _node(row: Sequence[Any], parts: Sequence[Key]) -> Node:
    status, achievement, version, ects, learner, replaced_by = row[2:8]
    return Node(status, achievement, version, ects, learner, replaced_by, tuple(parts))


class Stacks:
    """Credentials and all that they reach through parts and replacements."""

    def __init__(self, nodes: Mapping[Key, Node], voided: set[Key]) -> None:
        self._nodes = nodes
        self._voided = voided - nodes.keys()
        self._deep: dict[Key, frozenset[Key]] = {}
        self._own: dict[Key, Decimal] = {}

    @classmethod
    def read(cls, connection: Connection, roots: Iterable[Key]) -> "Stacks":
        """Read what these credentials reach."""
        wanted = list(roots)
        if not wanted:
            return cls({}, set())
        rows = connection.execute(
            _REACH, {"members": [key[0] for key in wanted], "ids": [key[1] for key in wanted]}
        ).fetchall()
        parts = _parts(connection, [(row[0], row[1]) for row in rows if row[8]])
        nodes = {(row[0], row[1]): _node(row, parts.get((row[0], row[1]), ())) for row in rows}
        unknown = {part for keys in parts.values() for part in keys} | set(wanted)
        unknown -= nodes.keys()
        if not unknown:
            return cls(nodes, set())
        voided = connection.execute(
            "SELECT DISTINCT v.member, v.credential::text FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)"
            " JOIN voided_credentials v USING (member, credential)",
            ([key[0] for key in unknown], [key[1] for key in unknown]),
        ).fetchall()
        return cls(nodes, set(voided))

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def flags(self, key: Key) -> list[str]:
        """The flags of a known credential, in alphabetical order."""
        node = self._nodes[key]
        found = []
        if any(part not in self._nodes and part not in self._voided for part in node.parts):
            found.append(PENDING)
        if node.learner is not None and any(
            (part := self._nodes.get(other)) is not None and part.learner not in (None, node.learner)
            for other in node.parts
        ):
            found.append(MISMATCH)
        deep = self.deep_parts(key)
        if any(self.spoils(part) for part in deep):
            found.append(IMPAIRED)
        if key in deep:
            found.append(CIRCULAR)
        return sorted(found)

    def status(self, key: Key) -> str | None:
        """A credential's status; None where it is not known."""
        node = self._nodes.get(key)
        return None if node is None else node.status

    def faults(self, key: Key) -> list[Key]:
        """The parts, however deep, that impair a credential."""
        return sorted(part for part in self.deep_parts(key) if self.spoils(part))

    def reference_flags(self, keys: Iterable[Key]) -> list[str]:
        """The flags of a decision that names these credentials openly."""
        found = set()
        for key in keys:
            if key not in self._nodes and key not in self._voided:
                found.add(PENDING)
            elif self.spoils(key) or (key in self._nodes and IMPAIRED in self.flags(key)):
                found.add(IMPAIRED)
        return sorted(found)

    def spoils(self, key: Key) -> bool:
        """Whether this credential impairs what it is a part of."""
        node = self._nodes.get(key)
        if node is None:
            return key in self._voided
        if node.status == "revoked":
            return True
        if node.status != "replaced":
            return False
        last = self._last_replacement(key, node)
        return last.status == "revoked" or (last.achievement, last.version, last.ects) != (
            node.achievement,
            node.version,
            node.ects,
        )

    def culprit(self, key: Key) -> Key:
        """The credential whose own end makes this one spoil what it is a part of.

        Itself, or one of its replacements: the last, if that was revoked, else the one that the last replaced.
        """
        node = self._nodes.get(key)
        while node is not None and node.replaced_by is not None:
            after = key[0], node.replaced_by
            if (following := self._nodes.get(after)) is None:
                break
            if following.replaced_by is None and following.status != "revoked":
                break
            key, node = after, following
        return key

    def _last_replacement(self, key: Key, node: Node) -> Node:
        # A replacement is issued after what it replaces, in one stream: the chain ends.
        while node.replaced_by is not None and (after := self._nodes.get((key[0], node.replaced_by))) is not None:
            node = after
        return node

    def deep_parts(self, key: Key) -> frozenset[Key]:
        """All parts of a credential, however deep, itself among them where it is circular."""
        if key not in self._deep:
            seen: set[Key] = set()
            waiting = list(self._nodes[key].parts)
            while waiting:
                part = waiting.pop()
                if part in seen:
                    continue
                seen.add(part)
                if part in self._nodes:
                    waiting.extend(self._nodes[part].parts)
            self._deep[key] = frozenset(seen)
        return self._deep[key]

    def own_ects(self, key: Key) -> Decimal:
        """What a credential adds: its ECTS less what its parts add, however deep; never below 0."""
        if key not in self._own:
            # From the parts upwards: those that reach fewer first, so that what a sum needs is there.
            reached = [p for p in self.deep_parts(key) if p in self._nodes and p not in self._own]
            for part in sorted(reached, key=lambda p: len(self.deep_parts(p))):
                self._own[part] = self._sum(part)
            self._own[key] = self._sum(key)
        return self._own[key]

    def _sum(self, key: Key) -> Decimal:
        deep = self.deep_parts(key)
        if key in deep:
            return Decimal(0)
        ects = self._nodes[key].ects or Decimal(0)
        return max(Decimal(0), ects - sum((self._own[part] for part in deep if part in self._nodes), Decimal(0)))


def _parts(connection: Connection, stacked: Sequence[Key]) -> dict[Key, list[Key]]:
    parts: dict[Key, list[Key]] = {}
    if stacked:
        for member, credential, _, part_member, part in connection.execute(
            "SELECT p.member, p.credential::text, p.part, p.part_member, p.part_credential::text"
            " FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential) JOIN parts p USING (member, credential)"
            " ORDER BY p.member, p.credential, p.part",
            ([key[0] for key in stacked], [key[1] for key in stacked]),
        ):
            parts.setdefault((member, credential), []).append((part_member, part))
    return parts


_REACH = """
WITH RECURSIVE reached (member, credential) AS (
    SELECT w.member COLLATE "default", w.credential
    FROM unnest(%(members)s::text[], %(ids)s::uuid[]) AS w (member, credential)
  UNION
    SELECT n.member, n.credential
    FROM reached r
    JOIN credentials c ON c.member = r.member AND c.credential = r.credential
    CROSS JOIN LATERAL (
        SELECT p.part_member AS member, p.part_credential AS credential
        FROM parts p WHERE c.has_parts AND p.member = c.member AND p.credential = c.credential
      UNION ALL
        SELECT c.member, c.replaced_by WHERE c.replaced_by IS NOT NULL
    ) AS n
)
SELECT c.member, c.credential::text, c.status, c.achievement::text, c.version, c.ects, c.learner::text,
       c.replaced_by::text, c.has_parts
FROM reached r JOIN credentials c ON c.member = r.member AND c.credential = r.credential
"""
