"""What waits to be posted: taken from the feed, claimed, delivered or put off, given up, asked for again.

All of it stands in the database, so that a dispatcher may be killed anywhere: what was claimed and not settled is
claimed again when the claim has run out.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from registry.webhooks.endpoints import CHANNEL, Endpoint
from registry.webhooks.errors import NoSuchNotice
from registry.webhooks.source import Message, Source

_PAGE: Final = 200
WAITING: Final = 1000
"""So many wait for an endpoint at most; the rest stays in the feed, which keeps everything."""
DOWN: Final = 3
"""After so many failures in a row an endpoint counts as down; its first success makes all that waits due."""


class Schedule(msgspec.Struct, frozen=True):
    """When a failed attempt is repeated, and when it is given up."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    give_up: timedelta = timedelta(days=5)
    claim: timedelta = timedelta(seconds=90)
    """So long one dispatcher has a delivery to itself: longer than an attempt may take."""

    def delay(self, attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
        """How long to wait after so many attempts: doubled each time, and up to half of it taken off by chance."""
        whole: timedelta = min(self.longest, self.first * (1 << min(attempts - 1, 20)))
        return whole * (1 - chance() / 2)


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that is this dispatcher's to make."""

    message: str
    type: str
    body: bytes
    attempts: int
    """This one included."""
    created: datetime


class DeadDelivery(msgspec.Struct, frozen=True):
    """A delivery that was given up."""

    endpoint: str
    message: str
    number: int
    type: str
    created: datetime
    dead: datetime
    attempts: int
    error: str | None


class Deliveries:
    """The deliveries of one node. `connection` commits by itself."""

    def __init__(self, connection: Connection[Any], schedule: Schedule) -> None:
        self._connection = connection
        self._schedule = schedule

    def take(self, endpoint: Endpoint, source: Source, now: datetime) -> int:
        """Take from the feed what the endpoint wants and has not been taken for it; gives how many messages."""
        if endpoint.waiting >= WAITING:
            return 0
        with self._connection.transaction():
            row = self._connection.execute(
                "SELECT cursor FROM webhooks.endpoints WHERE endpoint = %s AND enabled FOR UPDATE",
                (endpoint.endpoint,),
            ).fetchone()
            if row is None or not (messages := source.after(row[0], _PAGE)):
                return 0
            wanted = [message for message in messages if endpoint.wants(message.type)]
            self._add(endpoint.endpoint, wanted, now)
            self._connection.execute(
                "UPDATE webhooks.endpoints SET cursor = %s WHERE endpoint = %s",
                (messages[-1].number, endpoint.endpoint),
            )
        return len(messages)

    def _add(self, endpoint: str, messages: Sequence[Message], now: datetime) -> None:
        self._connection.execute(
            "INSERT INTO webhooks.deliveries (endpoint, message, number, type, body, created, next_at)"
            " SELECT %(endpoint)s, m.*, %(now)s, %(now)s"
            " FROM unnest(%(ids)s::text[], %(numbers)s::bigint[], %(types)s::text[], %(bodies)s::bytea[]) AS m"
            " ON CONFLICT (endpoint, message) DO UPDATE SET"
            " created = excluded.created, next_at = excluded.next_at, attempts = 0, dead = NULL",
            {
                "endpoint": endpoint,
                "now": now,
                "ids": [m.id for m in messages],
                "numbers": [m.number for m in messages],
                "types": [m.type for m in messages],
                "bodies": [m.body for m in messages],
            },
        )

    def claim(self, endpoint: str, most: int, now: datetime) -> list[Claimed]:
        """Some that are due, which nobody else has until they are settled or the claim runs out; new ones first."""
        return (
            self._connection.cursor(row_factory=class_row(Claimed))
            .execute(
                "UPDATE webhooks.deliveries SET claimed = %(until)s, attempts = attempts + 1"
                " WHERE (endpoint, message) IN (SELECT endpoint, message FROM webhooks.deliveries"
                "   WHERE endpoint = %(endpoint)s AND dead IS NULL AND next_at <= %(now)s"
                "     AND (claimed IS NULL OR claimed <= %(now)s)"
                "   ORDER BY attempts, number LIMIT %(most)s FOR UPDATE SKIP LOCKED)"
                " RETURNING message, type, body, attempts, created",
                {"until": now + self._schedule.claim, "endpoint": endpoint, "now": now, "most": most},
            )
            .fetchall()
        )

    def delivered(self, endpoint: str, claimed: Claimed, now: datetime) -> None:
        """It was taken; what waited because the endpoint was down is due."""
        with self._connection.transaction():
            self._connection.execute(
                "DELETE FROM webhooks.deliveries WHERE endpoint = %s AND message = %s", (endpoint, claimed.message)
            )
            row = self._connection.execute(
                "UPDATE webhooks.endpoints e SET failures = 0, delivered = e.delivered + 1, last_delivered = %s"
                " FROM (SELECT endpoint, failures FROM webhooks.endpoints WHERE endpoint = %s FOR UPDATE) AS before"
                " WHERE e.endpoint = before.endpoint RETURNING before.failures",
                (now, endpoint),
            ).fetchone()
            if row is not None and row[0] >= DOWN:
                self._connection.execute(
                    "UPDATE webhooks.deliveries SET next_at = %s WHERE endpoint = %s AND dead IS NULL AND next_at > %s",
                    (now, endpoint, now),
                )

    def failed(self, endpoint: str, claimed: Claimed, why: str, now: datetime, wait: timedelta | None = None) -> bool:
        """It was not taken: put off, by `wait` at least, or given up; whether it was given up."""
        give_up = now - claimed.created >= self._schedule.give_up
        delay = max(self._schedule.delay(claimed.attempts), min(wait or timedelta(0), self._schedule.longest))
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE webhooks.deliveries SET claimed = NULL, next_at = %s, error = %s, dead = %s"
                " WHERE endpoint = %s AND message = %s",
                (now + delay, why, now if give_up else None, endpoint, claimed.message),
            )
            self._connection.execute(
                "UPDATE webhooks.endpoints SET failures = failures + 1, last_error = %s WHERE endpoint = %s",
                (f"{now.astimezone(UTC):%Y-%m-%d %H:%M} {why}", endpoint),
            )
        return give_up

    def next_due(self, endpoint: str) -> datetime | None:
        """When the next one is due; None where nothing waits."""
        row = self._connection.execute(
            "SELECT min(greatest(next_at, claimed)) FROM webhooks.deliveries WHERE endpoint = %s AND dead IS NULL",
            (endpoint,),
        ).fetchone()
        return None if row is None else row[0]

    def dead(self, endpoint: str | None = None, limit: int = 1000) -> list[DeadDelivery]:
        """Those that were given up, of one endpoint or all, the newest first."""
        return (
            self._connection.cursor(row_factory=class_row(DeadDelivery))
            .execute(
                "SELECT endpoint::text, message, number, type, created, dead, attempts, error FROM webhooks.deliveries"
                " WHERE dead IS NOT NULL AND (%(endpoint)s::text IS NULL OR endpoint::text = %(endpoint)s)"
                " ORDER BY dead DESC, number LIMIT %(limit)s",
                {"endpoint": endpoint, "limit": limit},
            )
            .fetchall()
        )

    def redeliver_dead(self, endpoint: str, now: datetime) -> int:
        """Try all that were given up for an endpoint again, as if new; gives how many."""
        done = self._connection.execute(
            "UPDATE webhooks.deliveries SET dead = NULL, attempts = 0, created = %(now)s, next_at = %(now)s"
            " WHERE endpoint = %(endpoint)s AND dead IS NOT NULL",
            {"now": now, "endpoint": endpoint},
        )
        self._changed()
        return done.rowcount

    def redeliver(self, endpoint: str, source: Source, number: int, now: datetime) -> None:
        """Post one notice again, whether it was delivered or not. Raises `NoSuchNotice`."""
        message = source.find(number)
        if message is None:
            raise NoSuchNotice(f"the feed has no notice {number}; see `registry feed`")
        self._add(endpoint, [message], now)
        self._changed()

    def _changed(self) -> None:
        self._connection.execute(f"NOTIFY {CHANNEL}")
