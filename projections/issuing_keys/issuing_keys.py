"""The keys with which members sign documents, as their logs announce them."""

from typing import Final

import msgspec
from psycopg import Connection

from projections.core import contents
from registry.wire.issuing_keys import IssuingKeyAnnounced, KeyEndReason, Profile

MAX_ANNOUNCERS: Final = 20
"""Members that are named for one key. Anybody can announce anybody's public key."""


class IssuingKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key, and what its member's log says of it."""

    member: str
    key: str
    """The JWK thumbprint."""
    jwk: dict[str, str]
    profiles: list[Profile]
    x5c: list[str]
    leaf: int
    """The leaf that announced it."""
    announced: str
    """The time of the announcement, as the member wrote it."""
    ended: int | None = None
    """The leaf that ended it; None while it is in force."""
    ended_at: str | None = None
    """The time of the end, as the member wrote it."""
    reason: KeyEndReason | None = None


_COLUMNS: Final = "SELECT member, content::text, leaf, announced, ended, ended_at, reason FROM issuing_keys"


def list_of_member(connection: Connection, member: str) -> list[IssuingKey]:
    """Return a member's keys, the first announced first."""
    return [_key(*row) for row in connection.execute(f"{_COLUMNS} WHERE member = %s ORDER BY leaf", (member,))]


def find(connection: Connection, key: str) -> list[IssuingKey]:
    """Return a key as each member that announced it did, in the order of their names."""
    rows = connection.execute(
        f'{_COLUMNS} WHERE key = %s ORDER BY member COLLATE "C" LIMIT {MAX_ANNOUNCERS}',
        (key,),
    )
    return [_key(*row) for row in rows]


def _key(
    member: str,
    content: str,
    leaf: int,
    announced: str,
    ended: int | None,
    ended_at: str | None,
    reason: KeyEndReason | None,
) -> IssuingKey:
    data = msgspec.convert(contents.read(content), IssuingKeyAnnounced)
    return IssuingKey(
        member, data.key, data.jwk.members, list(data.profiles), list(data.x5c or ()), leaf, announced,
        ended, ended_at, reason,
    )  # fmt: skip
