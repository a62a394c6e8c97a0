"""A university's events over its own node's Kafka: topic `intake.<member>` in, `intake.<member>.results` out.

At least once: a record's offset is committed after its effect is stored and its result is acknowledged. What comes
again has no second effect, and its result has the same id. A bad record gets its result like any other, and never
stops the topic.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from registry.intake.report import IntakeError, IntakeUnavailable
from registry.intake.taking import Result
from registry.log.kafka_client import connected

_log = structlog.get_logger(__name__)
AT_ONCE: Final = 500
_WEEK: Final = str(7 * 24 * 3600 * 1000)
_SETTINGS: Final = {"retention.ms": _WEEK, "max.message.bytes": str(512 * 1024)}

Take = Callable[[Sequence[bytes | None]], list[Result]]


def addresses(url: str) -> list[str]:
    """The brokers of `kafka://HOST:PORT[,HOST:PORT]`. Raises `IntakeError`."""
    scheme, _, rest = url.partition("://")
    found = rest.rstrip("/").split(",")
    if scheme != "kafka" or not all(found):
        raise IntakeError(f"{url!r} names no brokers; write kafka://HOST:PORT[,HOST:PORT]")
    return found


class KafkaIntake:
    """Reads one member's intake topic and answers on its results topic. Not to be shared between threads."""

    def __init__(self, brokers: Sequence[str], member: str, origin: str, take: Take, patience: float = 30.0) -> None:
        """`take` lets events have their effect, durably; `patience` is how long a broker is waited for, in seconds."""
        client = logging.getLogger("kafka")
        if client.level == logging.NOTSET:
            client.setLevel(logging.CRITICAL)
        self.topic = f"intake.{member}"
        self.results = f"{self.topic}.results"
        self._brokers = list(brokers)
        self._origin = origin
        self._take = take
        self._patience = int(patience * 1000)

    def create(self) -> None:
        """Make both topics unless they are there. They keep records for a week: the intake topic holds names."""
        with self._errors("make the topics of"):
            admin = self._connected(KafkaAdminClient)
            try:
                there = admin.list_topics()
                copies = min(3, len(admin.describe_cluster()["brokers"]))
                for name in (self.topic, self.results):
                    if name not in there:
                        topic = NewTopic(name, num_partitions=1, replication_factor=copies, topic_configs=_SETTINGS)
                        with contextlib.suppress(TopicAlreadyExistsError):
                            admin.create_topics([topic], wait_for_metadata=True)
            finally:
                admin.close()

    def run(self, stop: threading.Event, on_results: Callable[[list[Result]], None] = lambda _: None) -> None:
        """Take in what comes until told to stop. Raises `IntakeUnavailable`, or what `take` raises: call again.

        What was taken in and not committed by then comes again.
        """
        with self._clients() as (consumer, producer):
            while not stop.is_set():
                polled = consumer.poll(timeout_ms=200, max_records=AT_ONCE)
                for records in polled.values():
                    results = self._take([record.value for record in records])
                    answers = [
                        producer.send(
                            self.results, key=record.key, value=msgspec.json.encode(self._event(record, result))
                        )
                        for record, result in zip(records, results, strict=True)
                    ]
                    for answer in answers:
                        answer.get(timeout=self._patience / 1000)  # raises where the broker has not taken it
                    on_results(results)
                if polled:
                    consumer.commit()
                    _log.info("intake.taken", topic=self.topic, records=sum(map(len, polled.values())))

    def _event(self, record: Any, result: Result) -> dict[str, Any]:  # noqa: ANN401 - the client has no types
        said = msgspec.to_builtins(result)
        said.pop("named")
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"{record.topic}-{record.partition}-{record.offset}",
            "source": f"{self._origin}/intake",
            "type": f"registry.intake.{'accepted' if result.accepted else 'refused'}.v1",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": {"event": msgspec.to_builtins(result.named), "offset": record.offset, **said},
        }
        if result.credential:
            event["subject"] = result.credential
        return event

    @contextlib.contextmanager
    def _clients(self) -> Iterator[tuple[Any, Any]]:
        with self._errors("read"), contextlib.ExitStack() as stack:
            producer = self._connected(
                KafkaProducer,
                acks="all",
                enable_idempotence=True,
                max_block_ms=self._patience,
                delivery_timeout_ms=self._patience,
                request_timeout_ms=max(1000, self._patience // 3),
                allow_auto_create_topics=False,
            )
            stack.callback(producer.close, timeout=5)
            consumer = self._connected(
                partial(KafkaConsumer, self.topic),
                group_id=self.topic,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_records=AT_ONCE,
                allow_auto_create_topics=False,
            )
            stack.callback(consumer.close, autocommit=False)
            yield consumer, producer

    def _connected(self, kind: Callable[..., Any], **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
        return connected(kind, self._brokers, self._patience / 1000, **settings)

    @contextlib.contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            where = ",".join(self._brokers)
            raise IntakeUnavailable(
                f"cannot {doing} {self.topic} at {where}: {error or type(error).__name__}"
            ) from error
