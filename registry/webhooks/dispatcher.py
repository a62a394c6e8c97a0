"""Takes from the feed, posts, writes down what came of it: one thread an endpoint, so that none waits for another.

At least once: a delivery is settled after the answer, and whoever is killed in between delivers it again. Never
twice at the same time: a claim in the database keeps other dispatchers away. Order is not promised.
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
_AT_ONCE: Final = 8
"""So many are posted to one endpoint at the same time."""
_POLL: Final = 5.0
"""Seconds after which is looked again without having been told."""
_STOP_WITHIN: Final = 0.5
_GONE: Final = "it answered 410 Gone"


class Round(NamedTuple):
    """What a round came to."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0

    def plus(self, other: "Round") -> "Round":
        """Both together."""
        return Round(*(a + b for a, b in zip(self, other, strict=True)))


def utc_now() -> datetime:
    """The time."""
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
        """`source` opens the feed, once a thread; `channel` is where PostgreSQL notifies when the feed has grown.

        `seconds` bound an attempt; `now` is the clock by which attempts are put off and given up.
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
        """Post all that is due now, endpoint after endpoint."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            ids = [e.endpoint for e in self._endpoints(connection).all() if e.enabled]
        done = Round()
        for endpoint in ids:
            with self._worker(endpoint) as worker:
                while (more := worker.round()) is not None:
                    done = done.plus(more)
        return done

    def run(self, stop: threading.Event) -> None:
        """Post until told to stop. Raises what the database raises when it is away; call again then."""
        workers: dict[str, _Thread] = {}
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                for channel in (self._channel, CHANNEL):
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                looked = 0.0
                told = True
                while not stop.is_set():
                    if told or time.monotonic() - looked >= _POLL:
                        self._look(connection, workers)
                        looked = time.monotonic()
                    told = any(True for _ in connection.notifies(timeout=_STOP_WITHIN, stop_after=1))
                    for worker in workers.values():
                        worker.raise_error()
        finally:
            for worker in workers.values():
                worker.end()
            for worker in workers.values():
                worker.join()

    def _look(self, connection: Connection[Any], workers: "dict[str, _Thread]") -> None:
        """Have a thread for each enabled endpoint, and wake them."""
        enabled = {e.endpoint for e in self._endpoints(connection).all() if e.enabled}
        for endpoint in [e for e in workers if e not in enabled]:
            workers.pop(endpoint).end()
        for endpoint in enabled - workers.keys():
            workers[endpoint] = _Thread(endpoint, self._worker)
        for worker in workers.values():
            worker.wake()

    def test(self, endpoint: str, origin: str) -> Answer:
        """Post, once and now, a message that says nothing but that it arrives. Raises `UnknownEndpoint`."""
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
    """One endpoint's: takes, posts, settles."""

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
        """Take and post some; None where there was nothing to do."""
        endpoint = self._endpoints.get(self._id)
        if not endpoint.enabled:
            return None
        taken = self._deliveries.take(endpoint, self._source, self._now())
        claimed = self._deliveries.claim(self._id, _AT_ONCE, self._now())
        if claimed:
            return self._runner.run(self._post_all(endpoint, claimed))
        return Round() if taken else None

    def rest(self) -> float:
        """Seconds until something is due, if nobody says so before."""
        due = self._deliveries.next_due(self._id)
        return _POLL if due is None else min(_POLL, max(0.05, (due - self._now()).total_seconds()))

    async def _post_all(self, endpoint: Endpoint, claimed: list[Claimed]) -> Round:
        done = Round()
        now = self._now()
        secrets = self._endpoints.secrets(self._id, now)
        for each in asyncio.as_completed([self._post(endpoint.url, secrets, one, now) for one in claimed]):
            one, answer = await each
            done = done.plus(self._settle(one, answer))
        return done

    async def _post(self, url: str, secrets: list[str], one: Claimed, now: datetime) -> tuple[Claimed, Answer]:
        headers = signed_headers(secrets, one.message, int(now.timestamp()), one.body)
        return one, await self._sender.post(url, headers, one.body)

    def _settle(self, one: Claimed, answer: Answer) -> Round:
        now = self._now()
        if answer.delivered:
            self._deliveries.delivered(self._id, one, now)
            _log.debug("webhooks.delivered", endpoint=self._id, message=one.message, attempts=one.attempts)
            return Round(delivered=1)
        given_up = self._deliveries.failed(self._id, one, answer.why, now, answer.wait)
        _log.warning("webhooks.failed", endpoint=self._id, message=one.message, why=answer.why, given_up=given_up)
        if answer.gone:
            self._endpoints.disable(self._id, _GONE)
        return Round(failed=1, given_up=int(given_up))


class _Thread:
    """A worker at work. A database that is away it tries again; what else it raises is for `run` to raise."""

    def __init__(self, endpoint: str, worker: Callable[[str], contextlib.AbstractContextManager[_Worker]]) -> None:
        self._endpoint = endpoint
        self._worker = worker
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"webhook-{endpoint[:8]}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def end(self) -> None:
        """Stop after what is being posted."""
        self._ended.set()
        self._woken.set()

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join()

    def raise_error(self) -> None:
        """Raise what ended it, if something did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        def work() -> None:
            with self._worker(self._endpoint) as worker:
                self._work(worker)

        try:
            supervise(f"posting to webhook {self._endpoint}", work, self._ended, retry_seconds=_POLL)
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
