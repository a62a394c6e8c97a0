"""Check status seals against the member's own leaves (docs/events.md, "Status seals")."""

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from psycopg import Connection

from registry.rules.stream import MemberState
from registry.wire.credentials import StatusSealed
from registry.wire.events import Event
from registry.wire.merkle import Tree, leaf_hash

_CHUNK = 4096


class SealRows:
    """The seals of a batch. They are checked after the batch's status changes were written."""

    TYPES: ClassVar = frozenset({"status.sealed.v1"})

    def __init__(self, member: str) -> None:
        self._member = member
        self._seals: list[tuple[int, StatusSealed]] = []

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:  # noqa: ARG002 - as all collectors
        """Add the seal at a leaf."""
        self._seals.append((leaf, event.data))

    def write(self, connection: Connection, states: MemberState) -> None:  # noqa: ARG002 - as all collectors
        """Check each seal against the status changes below its size, and write its row."""
        for leaf, seal in self._seals:
            agrees = seal.size <= leaf and sealed_root(connection, self._member, seal.size) == (
                seal.count,
                seal.root,
            )
            connection.execute(
                "INSERT INTO seals (member, leaf, size, count, root, verdict) VALUES (%s, %s, %s, %s, %s, %s)",
                (self._member, leaf, seal.size, seal.count, seal.root, "agrees" if agrees else "contradicts"),
            )


def sealed_leaves(connection: Connection, member: str, size: int) -> Iterator[bytes]:
    """Yield the leaves of a seal of `size`: hash of the id ‖ status of each credential not active, in byte order."""
    with connection.transaction(), connection.cursor(name="sealed") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(
            "SELECT sha256(convert_to(credential::text, 'UTF8')) || convert_to(status, 'UTF8') AS leaf FROM ("
            "  SELECT DISTINCT ON (credential) credential, status FROM status_changes"
            "  WHERE member = %s AND published AND leaf < %s ORDER BY credential, leaf DESC"
            ") AS latest WHERE status <> 'active' ORDER BY 1",
            (member, size),
        )
        for row in cursor:
            yield row[0]


def sealed_root(connection: Connection, member: str, size: int) -> tuple[int, str]:
    """Return the count and root (base64) of a seal of `size`. Memory does not grow with the count."""
    count, tree = 0, Tree()
    leaves = sealed_leaves(connection, member, size)
    while chunk := list(islice(leaves, _CHUNK)):
        tree = tree.extend([leaf_hash(leaf) for leaf in chunk])
        count += len(chunk)
    return count, base64.b64encode(tree.root).decode()


class Seal(NamedTuple):
    """A row of `seals`."""

    leaf: int
    size: int


def newest(connection: Connection, member: str) -> Seal | None:
    """Return a member's newest seal that agrees with its leaves; None where there is none."""
    row = connection.execute(
        "SELECT leaf, size FROM seals WHERE member = %s AND verdict = 'agrees' ORDER BY leaf DESC LIMIT 1", (member,)
    ).fetchone()
    return None if row is None else Seal(*row)
