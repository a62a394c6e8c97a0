"""Status seals held against what the member's own leaves say (EVENTS.md, "Status seals")."""

import base64

from psycopg import Connection

from registry.rules.stream import Things
from registry.wire.credentials import StatusSealed
from registry.wire.merkle import Tree, leaf_hash

_CHUNK = 4096


class SealRows:
    """The seals of a batch; judged when its status changes are written."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._seals: list[tuple[int, StatusSealed]] = []

    def sealed(self, data: StatusSealed, leaf: int) -> None:
        """A seal stands at this leaf."""
        self._seals.append((leaf, data))

    def write(self, connection: Connection, things: Things) -> None:  # noqa: ARG002 - one shape for all rows
        """Judge each seal by the history below its size."""
        for leaf, seal in self._seals:
            agrees = seal.size <= leaf and sealed_root(connection, self._member, seal.size) == (
                seal.count,
                seal.root,
            )
            connection.execute(
                "INSERT INTO seals (member, leaf, size, count, root, verdict) VALUES (%s, %s, %s, %s, %s, %s)",
                (self._member, leaf, seal.size, seal.count, seal.root, "agrees" if agrees else "contradicts"),
            )


def sealed_root(connection: Connection, member: str, size: int) -> tuple[int, str]:
    """Count and root (base64) over all credentials that are not active by the leaves below `size`.

    Memory does not grow with their number.
    """
    count, tree = 0, Tree()
    with connection.cursor(name="sealed") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(
            "SELECT sha256(convert_to(credential::text, 'UTF8')) || convert_to(status, 'UTF8') AS leaf FROM ("
            "  SELECT DISTINCT ON (credential) credential, status FROM status_changes"
            "  WHERE member = %s AND published AND leaf < %s ORDER BY credential, leaf DESC"
            ") AS latest WHERE status <> 'active' ORDER BY 1",
            (member, size),
        )
        while rows := cursor.fetchmany(_CHUNK):
            tree = tree.extend([leaf_hash(row[0]) for row in rows])
            count += len(rows)
    return count, base64.b64encode(tree.root).decode()
