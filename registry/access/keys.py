"""API keys: one for each system, with scopes and an expiry.

A key is `reg_<id>_<secret>`. The database has the SHA-256 of the secret, which has 256 random bits: a slow hash is not
needed against guessing.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import psycopg
from psycopg.rows import class_row

from registry.access.errors import EndedKey, UnknownKey
from registry.http import Caller, HttpProblem
from registry.http.access import API_KEY_PREFIX, SCOPES

_FORM: Final = re.compile(API_KEY_PREFIX + r"([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_FRESH_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 5


ORDINARY_SCOPES: Final = frozenset(
    {
        "achievements:write",
        "credentials:write",
        "batches:read",
        "university:read",
        "recognition:read",
        "feed:read",
    }
)
"""The scopes that a university's own systems need. Every other scope lets a key decide in a person's place, or read
about people: who makes such a key confirms it."""


class ApiKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key as it is stored, without its secret."""

    key: str
    """The key's id, 16 hexadecimal digits."""
    name: str
    """The system that has the key."""
    scopes: list[str]
    created: datetime
    expires: datetime
    revoked: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Return True if the key may be used at this time."""
        return now < self.expires and (self.revoked is None or now < self.revoked)


class _Entry(NamedTuple):
    digest: bytes
    """The hash of the key's secret."""
    key: ApiKey
    caller: Caller


class ApiKeys:
    """The node's API keys."""

    kind: Final = "key"

    def __init__(self, dsn: str, member: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`dsn` is the private database, with its tables."""
        self._dsn = dsn
        self._member = member
        self._clock = clock
        self._keys: dict[str, _Entry] = {}
        self._read_at = float("-inf")
        """The monotonic time when the last reading of the table began."""
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None
        """The next reading, which has not begun yet; `_running` is the one before."""
        self._reader = ThreadPoolExecutor(1, "api-keys")
        self._connection: psycopg.Connection | None = None

    # For administrators

    def add(self, name: str, scopes: Collection[str], days: int) -> str:
        """Create a key and return it; it cannot be shown again. Raises `UnknownKey` for an unknown scope."""
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise UnknownKey(f"there is no scope {', '.join(unknown)}; choose from {', '.join(SCOPES)}")
        with psycopg.connect(self._dsn) as connection:
            return self._insert(connection, name, scopes, days)

    def _insert(self, connection: psycopg.Connection, name: str, scopes: Collection[str], days: int) -> str:
        key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        now = self._clock()
        connection.execute(
            "INSERT INTO access.keys (key, name, secret, scopes, created, expires) VALUES (%s, %s, %s, %s, %s, %s)",
            (key, name, _hash(secret), sorted(set(scopes)), now, now + timedelta(days=days)),
        )
        return f"{API_KEY_PREFIX}{key}_{secret}"

    def all(self) -> list[ApiKey]:
        """Return all keys, the newest first."""
        with psycopg.connect(self._dsn) as connection:
            return (
                connection.cursor(row_factory=class_row(ApiKey))
                .execute(
                    "SELECT key, name, scopes, created, expires, revoked FROM access.keys ORDER BY created DESC, key"
                )
                .fetchall()
            )

    def revoke(self, key: str) -> ApiKey:
        """End a key at once. Raises `UnknownKey`."""
        with psycopg.connect(self._dsn) as connection:
            return self._end(connection, key, self._clock())

    def rotate(self, key: str, days: int, grace: timedelta) -> str:
        """Create a key for the same system with the same scopes, and end the old one after `grace`, in one transaction.

        Raises `UnknownKey`, and `EndedKey` for a key that was revoked or rotated before, or has expired.
        """
        now = self._clock()
        with psycopg.connect(self._dsn) as connection:
            query = "SELECT revoked, expires FROM access.keys WHERE key = %s FOR UPDATE"
            row = connection.execute(query, (key,)).fetchone()
            if row is not None and row[0] is not None:
                raise EndedKey(f"the key {key} was revoked or rotated before; `registry api-key add` creates another")
            if row is not None and row[1] <= now:
                raise EndedKey(f"the key {key} has expired; `registry api-key add` creates another")
            old = self._end(connection, key, now + grace)
            return self._insert(connection, old.name, old.scopes, days)

    def _end(self, connection: psycopg.Connection, key: str, end: datetime) -> ApiKey:
        row = (
            connection.cursor(row_factory=class_row(ApiKey))
            .execute(
                "UPDATE access.keys SET revoked = least(revoked, %s) WHERE key = %s"
                " RETURNING key, name, scopes, created, expires, revoked",
                (end, key),
            )
            .fetchone()
        )
        if row is None:
            raise UnknownKey(f"there is no key {key}; `registry api-key list` shows them")
        return row

    # For requests

    async def caller(self, secret: str, *, look_up: bool) -> Caller:
        """Return the system that a key was created for. Raises `HttpProblem` if the key is not valid.

        The table of keys is in memory and at most five seconds old: a revoked key may work for that long. An unknown
        key causes a new reading; all requests with unknown keys share one reading after the other, in a separate
        thread, and do not delay requests with known keys.
        """
        form = _FORM.fullmatch(secret)
        if form is None:
            raise HttpProblem("unauthenticated", "this does not have the form of a key: reg_…_…")
        key, key_secret = form.groups()
        if time.monotonic() - self._read_at >= _FRESH_SECONDS or (look_up and key not in self._keys):
            await self._refresh()
        entry = self._keys.get(key)
        # Compared even if there is no such key, so that the response time does not reveal which ids exist.
        if not hmac.compare_digest(entry.digest if entry else bytes(32), _hash(key_secret)) or entry is None:
            raise HttpProblem("unauthenticated", "this key is unknown")
        if not entry.key.good(self._clock()):
            raise HttpProblem("unauthenticated", "this key has expired or was revoked")
        return entry.caller

    def close(self) -> None:
        """Close the connection to the database, after the reading that is under way."""
        self._reader.shutdown()
        if self._connection is not None:
            self._connection.close()

    async def _refresh(self) -> None:
        """Wait for a reading of the table that begins after now. All requests that wait share it."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._read_after(self._running))
        await asyncio.shield(self._next)

    async def _read_after(self, running: asyncio.Future[None] | None) -> None:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        began = time.monotonic()
        self._keys = await asyncio.get_running_loop().run_in_executor(self._reader, self._read)
        self._read_at = began

    def _read(self) -> dict[str, _Entry]:
        for last in (False, True):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=_TIMEOUT_SECONDS)
                    self._connection.execute(f"SET statement_timeout = '{_TIMEOUT_SECONDS}s'")
                rows = self._connection.execute(
                    "SELECT secret, key, name, scopes, created, expires, revoked FROM access.keys"
                ).fetchall()
            except psycopg.OperationalError:
                if self._connection is None or last:
                    raise
                self._connection.close()  # the server was restarted
            else:
                keys = [(bytes(row[0]), ApiKey(*row[1:])) for row in rows]
                return {
                    key.key: _Entry(digest, key, Caller(f"key:{key.key}", self._member, frozenset(key.scopes)))
                    for digest, key in keys
                }
        raise AssertionError("one of the two tries returned or raised")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
