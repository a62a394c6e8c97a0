"""API keys: one for each system, with scopes and an end.

A key is `reg_<id>_<secret>`. Kept is its SHA-256: the secret has 256 random bits, so that no slow hash is needed to
keep it from being guessed.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import psycopg
from psycopg.rows import class_row

from registry.http import Caller, HttpProblem
from registry.http.access import SCOPES

_FORM: Final = re.compile(r"reg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_REMEMBERED: Final = 5.0
_MOST: Final = 10_000


class UnknownKey(Exception):
    """No API key of that id, or a scope that there is not."""


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


_Kept = tuple[bytes, ApiKey, Caller]
"""The digest of its secret, the key, and whoever shows it."""


class ApiKeys:
    """The node's API keys. May be shared by threads."""

    def __init__(self, dsn: str, member: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`dsn` is the private database; its tables must be there."""
        self._dsn = dsn
        self._member = member
        self._clock = clock
        self._known: dict[str, tuple[float, _Kept | None]] = {}
        self._lock = threading.Lock()
        self._connection: psycopg.Connection | None = None

    # For administrators

    def add(self, name: str, scopes: Collection[str], days: int) -> str:
        """Make a key; gives it, this once. Raises `UnknownKey` for a scope that there is not."""
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise UnknownKey(f"there is no scope {', '.join(unknown)}; there are {', '.join(SCOPES)}")
        key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        now = self._clock()
        with psycopg.connect(self._dsn) as connection:
            connection.execute(
                "INSERT INTO access.keys (key, name, secret, scopes, created, expires) VALUES (%s, %s, %s, %s, %s, %s)",
                (key, name, _hash(secret), sorted(set(scopes)), now, now + timedelta(days=days)),
            )
        return f"reg_{key}_{secret}"

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

    def revoke(self, key: str, after: timedelta = timedelta()) -> ApiKey:
        """End a key, at once or after a while. Raises `UnknownKey`."""
        with psycopg.connect(self._dsn) as connection:
            row = (
                connection.cursor(row_factory=class_row(ApiKey))
                .execute(
                    "UPDATE access.keys SET revoked = least(revoked, %s) WHERE key = %s"
                    " RETURNING key, name, scopes, created, expires, revoked",
                    (self._clock() + after, key),
                )
                .fetchone()
            )
        if row is None:
            raise UnknownKey(f"there is no key {key}; `registry api-key list` shows them")
        return row

    def rotate(self, key: str, days: int, grace: timedelta) -> str:
        """A new key for the same system with the same scopes; the old one ends after `grace`. Raises `UnknownKey`."""
        old = self.revoke(key, grace)
        return self.add(old.name, old.scopes, days)

    # For requests

    def caller(self, kind: str, secret: str) -> Caller | None:
        """The system that a key was made for; None for what is no key. Raises `HttpProblem` for a bad one."""
        if kind != "key":
            return None
        found = _FORM.fullmatch(secret)
        if found is None:
            raise HttpProblem("unauthenticated", "this has not the form of a key: reg_…_…")
        return self._caller(*found.groups())

    def known(self, kind: str, secret: str) -> Caller | None:
        """The same, where the key was read from the database some seconds ago."""
        found = _FORM.fullmatch(secret) if kind == "key" else None
        if found is None:
            return None
        seen = self._known.get(found[1])
        if seen is None or time.monotonic() - seen[0] >= _REMEMBERED:
            return None
        return self._caller(*found.groups())

    def _caller(self, key: str, given: str) -> Caller:
        kept = self._kept(key)
        # Compared even where there is none, so that the time taken does not tell which ids exist.
        if not hmac.compare_digest(kept[0] if kept else bytes(32), _hash(given)) or kept is None:
            raise HttpProblem("unauthenticated", "no system has this key")
        if not kept[1].good(self._clock()):
            raise HttpProblem("unauthenticated", "this key has expired or was revoked")
        return kept[2]

    def _kept(self, key: str) -> _Kept | None:
        """What is kept of a key; remembered for some seconds, which is how long a revoked one may go on."""
        now = time.monotonic()
        seen = self._known.get(key)
        if seen is not None and now - seen[0] < _REMEMBERED:
            return seen[1]
        with self._lock:
            seen = self._known.get(key)
            if seen is not None and now - seen[0] < _REMEMBERED:
                return seen[1]
            row = self._read(key)
            found = None
            if row is not None:
                known = ApiKey(*row[1:])
                found = bytes(row[0]), known, Caller(f"key:{key}", self._member, frozenset(known.scopes))
            if len(self._known) > _MOST:
                self._known.clear()
            self._known[key] = now, found
            return found

    def _read(self, key: str) -> tuple[bytes, str, str, list[str], datetime, datetime, datetime | None] | None:
        for fresh in (False, True):
            if self._connection is None or self._connection.closed or fresh:
                self._connection = psycopg.connect(self._dsn, autocommit=True)
            try:
                return self._connection.execute(
                    "SELECT secret, key, name, scopes, created, expires, revoked FROM access.keys WHERE key = %s",
                    (key,),
                ).fetchone()
            except psycopg.OperationalError:
                self._connection.close()
                if fresh:  # it was restarted, and is away again
                    raise
        raise AssertionError("one of the two tries returned or raised")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
