"""API keys: one for each system, with scopes and an end.

A key is `reg_<id>_<secret>`. Kept is its SHA-256: the secret has 256 random bits, so that no slow hash is needed to
keep it from being guessed.
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

from registry.http import Caller, HttpProblem
from registry.http.access import API_KEY_PREFIX, SCOPES

_FORM: Final = re.compile(API_KEY_PREFIX + r"([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_FRESH_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 5


class UnknownKey(Exception):
    """No API key of that id, or a scope that there is not."""


class EndedKey(UnknownKey):
    """An API key that was revoked, rotated, or has expired: nothing may be made of it."""


class ApiKey(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of a key. The secret is not."""

    key: str
    """Its id, 16 hexadecimal digits."""
    name: str
    """Which system has it."""
    scopes: list[str]
    created: datetime
    expires: datetime
    revoked: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Whether it may be used."""
        return now < self.expires and (self.revoked is None or now < self.revoked)


class _Entry(NamedTuple):
    digest: bytes
    """Of the key's secret."""
    key: ApiKey
    caller: Caller


class ApiKeys:
    """The node's API keys."""

    kind: Final = "key"

    def __init__(self, dsn: str, member: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`dsn` is the private database; its tables must be there."""
        self._dsn = dsn
        self._member = member
        self._clock = clock
        self._keys: dict[str, _Entry] = {}
        self._read_at = float("-inf")
        """When the table was read, by the monotonic clock."""
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None
        """The reading that has not begun yet; `_running` is the one before."""
        self._reader = ThreadPoolExecutor(1, "api-keys")
        self._connection: psycopg.Connection | None = None

    # For administrators

    def add(self, name: str, scopes: Collection[str], days: int) -> str:
        """Make a key; gives it, this once. Raises `UnknownKey` for a scope that there is not."""
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise UnknownKey(f"there is no scope {', '.join(unknown)}; there are {', '.join(SCOPES)}")
        with psycopg.connect(self._dsn) as connection:
            return self._made(connection, name, scopes, days)

    def _made(self, connection: psycopg.Connection, name: str, scopes: Collection[str], days: int) -> str:
        key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        now = self._clock()
        connection.execute(
            "INSERT INTO access.keys (key, name, secret, scopes, created, expires) VALUES (%s, %s, %s, %s, %s, %s)",
            (key, name, _hash(secret), sorted(set(scopes)), now, now + timedelta(days=days)),
        )
        return f"{API_KEY_PREFIX}{key}_{secret}"

    def all(self) -> list[ApiKey]:
        """All keys, the newest first."""
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
            return self._ended(connection, key, self._clock())

    def rotate(self, key: str, days: int, grace: timedelta) -> str:
        """Make a new key for the same system with the same scopes, and let the old one end after `grace`; or neither.

        Raises `UnknownKey`, and `EndedKey` for a key that was revoked or rotated before, or has expired.
        """
        now = self._clock()
        with psycopg.connect(self._dsn) as connection:
            found = connection.execute("SELECT revoked, expires FROM access.keys WHERE key = %s FOR UPDATE", (key,))
            row = found.fetchone()
            if row is not None and row[0] is not None:
                raise EndedKey(f"the key {key} was revoked or rotated before; `registry api-key add` makes another")
            if row is not None and row[1] <= now:
                raise EndedKey(f"the key {key} has expired; `registry api-key add` makes another")
            old = self._ended(connection, key, now + grace)
            return self._made(connection, old.name, old.scopes, days)

    def _ended(self, connection: psycopg.Connection, key: str, end: datetime) -> ApiKey:
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
        """Return the system that a key was made for. Raises `HttpProblem` for a key that is not good.

        The table of keys is in memory, and at most five seconds old: so long a revoked key may go on. A key that is
        not in it is looked for in a fresh reading; strangers who send such keys share one reading after the other, in a
        thread of its own, and hold up nobody whose key is known.
        """
        form = _FORM.fullmatch(secret)
        if form is None:
            raise HttpProblem("unauthenticated", "this has not the form of a key: reg_…_…")
        key, given = form.groups()
        if time.monotonic() - self._read_at >= _FRESH_SECONDS or (look_up and key not in self._keys):
            await self._read_again()
        entry = self._keys.get(key)
        # Compared even where there is none, so that the time taken does not tell which ids exist.
        if not hmac.compare_digest(entry.digest if entry else bytes(32), _hash(given)) or entry is None:
            raise HttpProblem("unauthenticated", "no system has this key")
        if not entry.key.good(self._clock()):
            raise HttpProblem("unauthenticated", "this key has expired or was revoked")
        return entry.caller

    async def _read_again(self) -> None:
        """Wait for a reading of the table that begins after now. All who wait meanwhile share it."""
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
