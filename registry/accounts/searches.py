"""Searches by person, kept for a short time under a number of the session's own, so that no name is in an address.

What was searched for is encrypted with a key that is derived from the secret in the session's cookie. The database has
only the hash of that secret, so neither it nor its backups can be read, and a search ends with its session.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection

from registry.accounts.database import AccountDatabase

LIFETIME: Final = timedelta(minutes=30)
"""The time for which a search can be shown again."""
MAX_KEPT: Final = 50
"""The number of searches that a session keeps; the oldest go first."""
_NONCE_BYTES: Final = 12


class Searches:
    """The searches that sessions keep."""

    def __init__(self, database: AccountDatabase) -> None:
        self._database = database

    def keep(self, session: str, secret: str, query: Mapping[str, str]) -> str:
        """Keep a search of a session, whose cookie has this secret, and return its number."""
        search, now = str(uuid.uuid4()), self._database.clock()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + _cipher(secret).encrypt(nonce, msgspec.json.encode(query), search.encode())
        with self._database.transaction() as connection:
            delete_old_searches(connection, now)
            connection.execute(
                "DELETE FROM accounts.searches WHERE search IN (SELECT search FROM accounts.searches"
                " WHERE session = %s ORDER BY made DESC, search OFFSET %s)",
                (session, MAX_KEPT - 1),
            )
            connection.execute(
                "INSERT INTO accounts.searches (search, session, made, sealed) VALUES (%s, %s, %s, %s)",
                (search, session, now, sealed),
            )
        return search

    def read(self, session: str, secret: str, search: str) -> dict[str, str] | None:
        """Return what a session searched for; None for a number that it does not have, or not any more."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT sealed FROM accounts.searches WHERE search = %s AND session = %s AND made >= %s",
                (search, session, self._database.clock() - LIFETIME),
            ).fetchone()
        if row is None:
            return None
        sealed = bytes(row["sealed"])
        try:
            query = _cipher(secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], search.encode())
        except InvalidTag:
            return None
        return msgspec.json.decode(query, type=dict[str, str])


def delete_old_searches(connection: Connection[Any], now: datetime) -> None:
    """Delete the searches of all sessions that cannot be shown any more, in the caller's transaction."""
    connection.execute("DELETE FROM accounts.searches WHERE made < %s", (now - LIFETIME,))


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"registry searches\0" + secret.encode()).digest())
