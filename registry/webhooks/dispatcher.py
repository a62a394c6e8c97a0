"""The dispatcher: reads the feed, posts and records results. Endpoints have a thread each: none waits for another.

At least once: a delivery is settled after the answer, and a dispatcher that is killed in between posts it again. Never
twice at the same time: a claim in the database keeps other dispatchers away. The order is not guaranteed.
"""

import asyncio
import contextlib
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
import structlog
from psycopg import Connection, sql

from registry.supervision import supervise
from registry.vault.vault import Vault
from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.deliveries import Claimed, Deliveries, Schedule
from registry.webhooks.endpoints import CHANNEL, Endpoint, Endpoints
from registry.webhooks.errors import UnknownEndpoint
from registry.webhooks.sending import Answer, Sender
from registry.webhooks.signing import signed_headers
from registry.webhooks.source import Source

_log = structlog.get_logger(__name__)
_CONCURRENT_POSTS: Final = 8
"""Posts to one endpoint at the same time."""
_POLL_SECONDS: Final = 5.0
"""Polling interval, in case a notification is missed; also the pause after an error that passes by itself."""
_STOP_SECONDS: Final = 0.5
"""The longest time until `run` notices that it has to stop."""
_GONE: Final = "it answered 410 Gone"


class Round(NamedTuple):
    """The numbers of deliveries by result, of one round or several."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0

    def plus(self, other: "Round") -> "Round":
        """Return the sum of both."""
        return Round(*(a + b for a, b in zip(self, other, strict=True)))


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class Dispatcher:
    """Posts one node's feed to its endpoints."""

    def __init__(
        self,
        dsn: str,
        vault: Vault,
        source: Callable[[], Source],
        *,
        channel: str,
        addresses: AddressPolicy | None = None,
        tls: ssl.SSLContext | None = None,
        schedule: Schedule | None = None,
        seconds: float = 15.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`source` opens the feed, once per thread; PostgreSQL notifies `channel` when the feed has grown.

        `seconds` limits an attempt; `now` is the clock for postponing and giving up deliveries.
        """
        self._dsn = dsn
        self._vault = vault
        self._source = source
        self._channel = channel
        self._addresses = addresses or AddressPolicy()
        self._tls = tls or ssl.create_default_context()
        self._schedule = schedule or Schedule()
        self._seconds = seconds
        self._now = now

    def once(self) -> Round:
        """Post all due deliveries, endpoint after endpoint."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            ids = [e.endpoint for e in self._endpoints(connection).all() if e.enabled]
        total = Round()
        for endpoint in ids:
            with self._worker(endpoint) as worker:
                while (results := worker.round()) is not None:
                    total = total.plus(results)
        return total

    def run(self, stop: threading.Event) -> None:
        """Post until `stop` is set. Raises the database's errors while it is away; call again then."""
        workers: dict[str, _Thread] = {}
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                for channel in (self._channel, CHANNEL):
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                updated_at = 0.0
                notified = True
                while not stop.is_set():
                    if notified or time.monotonic() - updated_at >= _POLL_SECONDS:
                        self._update_workers(connection, workers)
                        updated_at = time.monotonic()
                    notified = any(True for _ in connection.notifies(timeout=_STOP_SECONDS, stop_after=1))
                    for worker in workers.values():
                        worker.raise_error()
        finally:
            for worker in workers.values():
                worker.end()
            for worker in workers.values():
                worker.join()

    def _update_workers(self, connection: Connection[Any], workers: "dict[str, _Thread]") -> None:
        """Start a thread for each enabled endpoint, end those of others, and wake all."""
        enabled = {e.endpoint for e in self._endpoints(connection).all() if e.enabled}
        for endpoint in [e for e in workers if e not in enabled]:
            workers.pop(endpoint).end()
        for endpoint in enabled - workers.keys():
            workers[endpoint] = _Thread(endpoint, self._worker)
        for worker in workers.values():
            worker.wake()

    def test(self, endpoint: str, origin: str) -> Answer:
        """Post a test message at once, without retries. Raises `UnknownEndpoint`."""
        now, number = self._now(), f"test-{uuid.uuid4()}"
        event = {
            "specversion": "1.0",
            "id": number,
            "source": f"{origin}/feed",
            "type": "registry.feed.test.v1",
            "subject": endpoint,
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": {},
        }
        body = msgspec.json.encode(event)
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            endpoints = self._endpoints(connection)
            url = endpoints.get(endpoint).url
            headers = signed_headers(endpoints.secrets(endpoint, now), number, int(now.timestamp()), body)

        async def post() -> Answer:
            async with Sender(self._addresses, self._tls, self._seconds) as sender:
                return await sender.post(url, headers, body)

        return asyncio.run(post())

    def _endpoints(self, connection: Connection[Any]) -> Endpoints:
        return Endpoints(connection, self._vault, self._addresses)

    @contextlib.contextmanager
    def _worker(self, endpoint: str) -> "Iterator[_Worker]":
        with (
            contextlib.closing(self._source()) as source,
            psycopg.connect(self._dsn, autocommit=True) as connection,
            asyncio.Runner() as runner,
        ):
            sender = Sender(self._addresses, self._tls, self._seconds)
            worker = _Worker(
                endpoint,
                self._endpoints(connection),
                Deliveries(connection, self._schedule),
                source,
                sender,
                runner,
                self._now,
            )
            try:
                yield worker
            finally:
                runner.run(sender.close())


class _Worker:
    """The work for one endpoint: copy from the feed, post, settle."""

    def __init__(
        self,
        endpoint: str,
        endpoints: Endpoints,
        deliveries: Deliveries,
        source: Source,
        sender: Sender,
        runner: asyncio.Runner,
        now: Callable[[], datetime],
    ) -> None:
        self._id = endpoint
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._source = source
        self._sender = sender
        self._runner = runner
        self._now = now

    def round(self) -> Round | None:
        """Copy and post some messages; return None if there was nothing to do."""
        endpoint = self._endpoints.get(self._id)
        if not endpoint.enabled:
            return None
        read = self._deliveries.take(endpoint, self._source, self._now())
        claimed = self._deliveries.claim(self._id, _CONCURRENT_POSTS, self._now())
        if claimed:
            return self._runner.run(self._post_all(endpoint, claimed))
        return Round() if read else None

    def rest(self) -> float:
        """Return the seconds to wait for a notification: until the next delivery is due, or the polling interval."""
        due = self._deliveries.next_due(self._id)
        return _POLL_SECONDS if due is None else min(_POLL_SECONDS, max(0.05, (due - self._now()).total_seconds()))

    async def _post_all(self, endpoint: Endpoint, claimed: list[Claimed]) -> Round:
        total = Round()
        now = self._now()
        secrets = self._endpoints.secrets(self._id, now)
        posts = [self._post(endpoint.url, secrets, delivery, now) for delivery in claimed]
        for post in asyncio.as_completed(posts):
            delivery, answer = await post
            total = total.plus(self._settle(delivery, answer))
        return total

    async def _post(self, url: str, secrets: list[str], delivery: Claimed, now: datetime) -> tuple[Claimed, Answer]:
        headers = signed_headers(secrets, delivery.message, int(now.timestamp()), delivery.body)
        return delivery, await self._sender.post(url, headers, delivery.body)

    def _settle(self, delivery: Claimed, answer: Answer) -> Round:
        now, message = self._now(), delivery.message
        if answer.delivered:
            self._deliveries.record_success(self._id, delivery, now)
            _log.debug("webhooks.delivered", endpoint=self._id, message=message, attempts=delivery.attempts)
            return Round(delivered=1)
        given_up = self._deliveries.record_failure(self._id, delivery, answer.why, now, answer.wait)
        _log.warning("webhooks.failed", endpoint=self._id, message=message, why=answer.why, given_up=given_up)
        if answer.is_gone:
            self._endpoints.disable(self._id, _GONE)
        return Round(failed=1, given_up=int(given_up))


class _Thread:
    """The thread of one worker. Tries again while the database is away; `Dispatcher.run` raises its other errors."""

    def __init__(self, endpoint: str, worker: Callable[[str], contextlib.AbstractContextManager[_Worker]]) -> None:
        self._endpoint = endpoint
        self._worker = worker
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"webhook-{endpoint[:8]}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let the worker look for due deliveries now."""
        self._woken.set()

    def end(self) -> None:
        """Stop after the current posts."""
        self._ended.set()
        self._woken.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def raise_error(self) -> None:
        """Raise the error that ended the thread, if there is one."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        def work() -> None:
            with self._worker(self._endpoint) as worker:
                self._work(worker)

        try:
            supervise(f"posting to webhook {self._endpoint}", work, self._ended, retry_seconds=_POLL_SECONDS)
        except UnknownEndpoint:
            return  # it was removed
        except Exception as error:  # noqa: BLE001 - raised again in `run`'s thread
            self._error = error

    def _work(self, worker: _Worker) -> None:
        while not self._ended.is_set():
            self._woken.clear()
            while worker.round() is not None:
                if self._ended.is_set():
                    return
            self._woken.wait(worker.rest())
