"""Automatic recognition: which agreements cover a credential, and which are mutual."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from projections.queries import named
from projections.stacks import Key


def covering(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[str]]:
    """The agreements that recognise each of these credentials, as `member/agreement`, in that order.

    An agreement covers active credentials of the achievements that it names, awarded within its dates and
    before the day from which it is withdrawn.
    """
    found: dict[Key, list[str]] = {}
    for member, credential, by, agreement, _ in _rows(connection, keys, None):
        found.setdefault((member, credential), []).append(f"{by}/{agreement}")
    return found


def covering_by(connection: Connection, member: str, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """One member's agreements that recognise each of these credentials: id and content (JSON)."""
    found: dict[Key, list[tuple[str, str]]] = {}
    for of, credential, _, agreement, content in _rows(connection, keys, member):
        found.setdefault((of, credential), []).append((agreement, content))
    return found


def _rows(connection: Connection, keys: Sequence[Key], by: str | None) -> list[Any]:
    return connection.execute(
        named("covering"), {"members": [key[0] for key in keys], "ids": [key[1] for key in keys], "by": by}
    ).fetchall()
