"""The endpoints: addresses, wanted kinds, secrets and state."""

import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import class_row

from registry.vault.vault import Vault
from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.errors import PostedAlready, UnknownEndpoint, UnusableAddress
from registry.webhooks.signing import new_secret

CHANNEL: Final = "registry_webhooks"
"""PostgreSQL notifies here when endpoints or deliveries were changed by a command."""

OVERLAP: Final = timedelta(hours=24)
"""The time after a rotation during which the previous secret signs too."""

_KIND = re.compile(r"[a-zA-Z0-9.]{1,100}\*?")
_log = structlog.get_logger(__name__)


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint, without its secret."""

    endpoint: str
    url: str
    kinds: list[str]
    """The kinds of notices to post, with `credential.*` for all kinds that begin so; empty for all."""
    enabled: bool
    disabled_for: str | None
    cursor: int
    """The number of the last notice that was read for it."""
    failures: int
    """Failed attempts since the last success."""
    delivered: int
    last_delivered: datetime | None
    last_error: str | None
    created: datetime
    waiting: int
    dead: int

    def wants(self, type_: str) -> bool:
        """Return True if events of that type are posted to it."""
        kind = type_.removeprefix("registry.feed.").rpartition(".v")[0]
        return not self.kinds or any(
            kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern for pattern in self.kinds
        )


class Endpoints:
    """The endpoints of one node. All methods that take an id raise `UnknownEndpoint` for an unknown one."""

    def __init__(self, connection: Connection[Any], vault: Vault, addresses: AddressPolicy) -> None:
        """`connection` commits by itself; the tables are those of `registry.store.migrations`."""
        self._connection = connection
        self._vault = vault
        self._addresses = addresses

    def add(self, url: str, kinds: Sequence[str], *, cursor: int, now: datetime) -> tuple[Endpoint, str]:
        """Add an endpoint for notices after `cursor`; return it and its secret, which is never shown again.

        Raises `UnusableAddress`, and `PostedAlready` if another endpoint has the same URL and kinds.
        """
        self._addresses.check_now(url)
        for kind in kinds:
            if _KIND.fullmatch(kind) is None:
                raise UnusableAddress(
                    f"{kind!r} is not a kind of notice; write for example credential.recognised, or credential.*"
                )
        for other in self.all():
            if other.url == url and set(other.kinds) == set(kinds):
                raise PostedAlready(
                    f"webhook {other.endpoint} posts the same kinds there already"
                    + ("" if other.enabled else ", and is disabled; `registry webhook enable` resumes it")
                    + ". Name other kinds, or another path; `registry webhook remove` removes it"
                )
        endpoint, secret = str(uuid.uuid4()), new_secret()
        self._connection.execute(
            "INSERT INTO webhooks.endpoints (endpoint, url, kinds, secret, cursor, created)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (endpoint, url, list(kinds), self._encrypt(endpoint, secret), cursor, now),
        )
        self._notify()
        _log.info("webhooks.endpoint_added", endpoint=endpoint)
        return self.get(endpoint), secret

    def all(self) -> list[Endpoint]:
        """Return all endpoints, the oldest first."""
        cursor = self._connection.cursor(row_factory=class_row(Endpoint))
        return cursor.execute(f"{_SELECT} ORDER BY created, endpoint").fetchall()

    def get(self, endpoint: str) -> Endpoint:
        """Return the endpoint with this id."""
        cursor = self._connection.cursor(row_factory=class_row(Endpoint))
        row = cursor.execute(f"{_SELECT} WHERE endpoint::text = %s", (endpoint,)).fetchone()
        if row is None:
            raise UnknownEndpoint(f"there is no webhook {endpoint}; see `registry webhook list`")
        return row

    def enable(self, endpoint: str) -> None:
        """Post to it again, from where it stopped: its waiting deliveries are due at once."""
        self._change(endpoint, "enabled = true, disabled_for = NULL, failures = 0")
        self._connection.execute(
            "UPDATE webhooks.deliveries SET next_at = created WHERE endpoint::text = %s AND dead IS NULL", (endpoint,)
        )
        self._notify()

    def disable(self, endpoint: str, why: str) -> None:
        """Post nothing to it until it is enabled again. Nothing is lost meanwhile."""
        self._change(endpoint, "enabled = false, disabled_for = %s", why)
        _log.info("webhooks.endpoint_disabled", endpoint=endpoint, why=why)

    def remove(self, endpoint: str) -> None:
        """Remove it, and its waiting deliveries."""
        done = self._connection.execute("DELETE FROM webhooks.endpoints WHERE endpoint::text = %s", (endpoint,))
        if not done.rowcount:
            self.get(endpoint)
        self._notify()

    def rotate(self, endpoint: str, now: datetime) -> str:
        """Create a new secret; for `OVERLAP` the previous one signs too."""
        secret = new_secret()
        self._change(
            endpoint,
            "previous = secret, previous_until = %s, secret = %s",
            now + OVERLAP,
            self._encrypt(endpoint, secret),
        )
        return secret

    def secrets(self, endpoint: str, now: datetime) -> list[str]:
        """Return the secrets that sign, the newest first."""
        row = self._connection.execute(
            "SELECT secret, CASE WHEN previous_until > %s THEN previous END FROM webhooks.endpoints"
            " WHERE endpoint::text = %s",
            (now, endpoint),
        ).fetchone()
        if row is None:
            raise UnknownEndpoint(f"there is no webhook {endpoint}")
        return [str(self._vault.open_own(_purpose(endpoint), sealed)) for sealed in row if sealed is not None]

    def _encrypt(self, endpoint: str, secret: str) -> bytes:
        return self._vault.seal_own(_purpose(endpoint), secret)

    def _change(self, endpoint: str, what: str, *values: object) -> None:
        done = self._connection.execute(
            f"UPDATE webhooks.endpoints SET {what} WHERE endpoint::text = %s",  # noqa: S608 - constants from above
            (*values, endpoint),
        )
        if not done.rowcount:
            raise UnknownEndpoint(f"there is no webhook {endpoint}; see `registry webhook list`")
        self._notify()

    def _notify(self) -> None:
        self._connection.execute(f"NOTIFY {CHANNEL}")


def _purpose(endpoint: str) -> str:
    return f"webhook {endpoint}"


_SELECT: Final = (
    "SELECT endpoint::text, url, kinds, enabled, disabled_for, cursor, failures, delivered, last_delivered, last_error,"
    " created, (SELECT count(*) FROM webhooks.deliveries d WHERE d.endpoint = e.endpoint AND dead IS NULL) AS waiting,"
    " (SELECT count(*) FROM webhooks.deliveries d WHERE d.endpoint = e.endpoint AND dead IS NOT NULL) AS dead"
    " FROM webhooks.endpoints e"
)
