"""The deliveries of a node: copied from the feed, claimed, then delivered, postponed or given up, and redelivered.

All state is in the database, so that a dispatcher may be killed at any point: when a claim has expired, its delivery
can be claimed again.
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
MAX_WAITING: Final = 1000
"""Limit on the waiting deliveries of an endpoint; the rest stays in the feed, which keeps everything."""
DOWN_FAILURES: Final = 3
"""Failures in a row after which an endpoint counts as down; its first success makes all waiting deliveries due."""


class Schedule(msgspec.Struct, frozen=True):
    """The times after which a failed attempt is repeated, and after which a delivery is given up."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    give_up: timedelta = timedelta(days=5)
    claim: timedelta = timedelta(seconds=90)
    """The time for which a dispatcher has a delivery to itself: longer than an attempt may take."""

    def delay(self, attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
        """Return the delay after N attempts: doubled each time, less a random part of up to half."""
        whole: timedelta = min(self.longest, self.first * (1 << min(attempts - 1, 20)))
        return whole * (1 - chance() / 2)


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this dispatcher has claimed."""

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
        """Copy the endpoint's next messages from the feed, and return how many notices were read."""
        if endpoint.waiting >= MAX_WAITING:
            return 0
        with self._connection.transaction():
            row = self._connection.execute(
                "SELECT cursor FROM webhooks.endpoints WHERE endpoint = %s AND enabled FOR UPDATE",
                (endpoint.endpoint,),
            ).fetchone()
            if row is None or not (messages := source.after(row[0], _PAGE)):
                return 0
            self._add(endpoint.endpoint, [message for message in messages if endpoint.wants(message.type)], now)
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
        """Claim due deliveries, new ones first: nobody else has them until they are settled or the claim expires."""
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

    def record_success(self, endpoint: str, claimed: Claimed, now: datetime) -> None:
        """Remove a delivery that succeeded. If the endpoint was down, all its waiting deliveries are due now."""
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
            if row is not None and row[0] >= DOWN_FAILURES:
                self._connection.execute(
                    "UPDATE webhooks.deliveries SET next_at = %s WHERE endpoint = %s AND dead IS NULL AND next_at > %s",
                    (now, endpoint, now),
                )

    def record_failure(
        self, endpoint: str, claimed: Claimed, why: str, now: datetime, wait: timedelta | None = None
    ) -> bool:
        """Postpone a failed delivery, by at least `wait`, or give it up; return True if it was given up."""
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
        """Return when the endpoint's next delivery is due; None if nothing waits."""
        row = self._connection.execute(
            "SELECT min(greatest(next_at, claimed)) FROM webhooks.deliveries WHERE endpoint = %s AND dead IS NULL",
            (endpoint,),
        ).fetchone()
        return None if row is None else row[0]

    def list_dead(self, endpoint: str | None = None, limit: int = 1000) -> list[DeadDelivery]:
        """Return the deliveries that were given up, of one endpoint or all, the newest first."""
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
        """Make all deliveries due again that were given up for an endpoint, and return how many."""
        done = self._connection.execute(
            "UPDATE webhooks.deliveries SET dead = NULL, attempts = 0, created = %(now)s, next_at = %(now)s"
            " WHERE endpoint = %(endpoint)s AND dead IS NOT NULL",
            {"now": now, "endpoint": endpoint},
        )
        self._notify()
        return done.rowcount

    def redeliver(self, endpoint: str, source: Source, number: int, now: datetime) -> None:
        """Post one notice again, whether it was delivered or not. Raises `NoSuchNotice`."""
        message = source.find(number)
        if message is None:
            raise NoSuchNotice(f"the feed has no notice {number}; see `registry feed`")
        self._add(endpoint, [message], now)
        self._notify()

    def _notify(self) -> None:
        self._connection.execute(f"NOTIFY {CHANNEL}")
