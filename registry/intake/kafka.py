"""A university's events over its own node's Kafka: topic `intake.<member>` in, `intake.<member>.results` out.

At least once: a record's offset is committed after its effect is stored and its result is acknowledged. What comes
again has no second effect, and its result has the same id. A bad record gets its result like any other, and never
stops the topic.

Kafka removes old records whether they were read or not. A gap between the next offset to read and the first one that
is there is logged, remembered, and told on the results topic; then reading goes on behind it.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata, TopicPartition

from registry.intake.lost_events import IntakePositions, lost_range
from registry.intake.rows.report import IntakeError, IntakeUnavailable
from registry.intake.taking import Result
from registry.log.kafka_client import connect

_log = structlog.get_logger(__name__)
AT_ONCE: Final = 500
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
_SETTINGS: Final = {"retention.ms": str(_WEEK_MS), "max.message.bytes": str(512 * 1024)}
_GAP_CHECK_SECONDS: Final = 30.0
"""Interval at which an idle topic is checked for records that were removed."""

Take = Callable[[Sequence[bytes | None]], list[Result]]


def addresses(url: str) -> list[str]:
    """The brokers of `kafka://HOST:PORT[,HOST:PORT]`. Raises `IntakeError`."""
    scheme, _, rest = url.partition("://")
    found = rest.rstrip("/").split(",")
    if scheme != "kafka" or not all(found):
        raise IntakeError(f"{url!r} names no brokers; write kafka://HOST:PORT[,HOST:PORT]")
    return found


def retention_warnings(topic: str, settings: Mapping[str, str]) -> list[str]:
    """Return why events of a topic may be removed before this node reads them, a sentence each.

    `settings` are Kafka's of the topic: `retention.ms`, `retention.bytes` and `cleanup.policy`.
    """
    warnings = []
    keeps, size = int(settings["retention.ms"]), int(settings["retention.bytes"])
    if 0 <= keeps < _WEEK_MS:
        warnings.append(
            f"{topic} keeps events for {_duration(keeps)} only (retention.ms={keeps}): a node that is away for longer"
            " loses them. Set it to 7 days (604800000) or more."
        )
    if size >= 0:
        warnings.append(
            f"{topic} keeps {size:,} bytes only (retention.bytes={size}): when more arrives than this node reads,"
            " events are lost. Set it to -1."
        )
    if "compact" in settings["cleanup.policy"]:
        warnings.append(
            f"{topic} is compacted (cleanup.policy={settings['cleanup.policy']}): of several events with one key all"
            " but the last are lost. Set it to delete."
        )
    return warnings


def gaps(expected: int, begin: int, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The ranges of offsets, both ends included, that were removed before they were read.

    `expected` is the offset to read next, `begin` the first one that is there, `offsets` those that were just read.
    Offsets that are missing behind `begin` were never events: a transaction's marks, or what compaction left out.
    """
    for offset in offsets or (begin,):
        if expected < min(offset, begin):
            yield expected, min(offset, begin) - 1
        expected = max(expected, offset + 1)


def _duration(milliseconds: int) -> str:
    hours = milliseconds / 3_600_000
    if hours >= 48:
        return f"{hours / 24:.3g} days"
    return f"{hours:.3g} hours" if hours >= 1 else f"{milliseconds / 1000:,.3g} seconds"


class KafkaIntake:
    """Reads one member's intake topic and answers on its results topic. Not to be shared between threads."""

    def __init__(
        self,
        brokers: Sequence[str],
        member: str,
        origin: str,
        take: Take,
        patience: float = 30.0,
        positions: IntakePositions | None = None,
    ) -> None:
        """`take` lets events have their effect, durably; `patience` is how long a broker is waited for, in seconds.

        `positions` remembers how far the topic was read, and what was lost; without it only Kafka does.
        """
        client = logging.getLogger("kafka")
        if client.level == logging.NOTSET:
            client.setLevel(logging.CRITICAL)
        self.topic = f"intake.{member}"
        self.results = f"{self.topic}.results"
        self._brokers = list(brokers)
        self._origin = origin
        self._take = take
        self._patience = int(patience * 1000)
        self._positions = positions
        self._next: dict[TopicPartition, int] = {}
        """Of each partition that this reader has, the offset that it reads next."""

    def create(self) -> list[str]:
        """Make both topics unless they are there. They keep records for a week: the intake topic holds names.

        Returns warnings: settings of the intake topic by which events may be removed before this node reads them.
        """
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
                warnings = self._retention_warnings(admin)
            finally:
                admin.close()
        for warning in warnings:
            _log.warning("intake.events_may_be_lost", warning=warning)
        return warnings

    def _retention_warnings(self, admin: Any) -> list[str]:  # noqa: ANN401 - the client has no types
        try:
            found = admin.describe_configs([ConfigResource("topic", self.topic)], config_filter="all")
            settings = {name: setting["value"] for name, setting in found["topic"][self.topic].items()}
        except (KafkaError, KeyError) as error:  # a broker may let only some read settings: the intake goes on
            return [f"How long {self.topic} keeps events could not be checked: {error or type(error).__name__}"]
        return retention_warnings(self.topic, settings)

    def run(self, stop: threading.Event, on_results: Callable[[list[Result]], None] = lambda _: None) -> None:
        """Take in what comes until told to stop. Raises `IntakeUnavailable`, or what `take` raises: call again.

        What was taken in and not committed by then comes again.
        """
        self._next, looked = {}, -_GAP_CHECK_SECONDS
        with self._clients() as (consumer, producer):
            while not stop.is_set():
                polled = consumer.poll(timeout_ms=200, max_records=AT_ONCE)
                if self._may_have_gap(consumer, polled) or time.monotonic() - looked > _GAP_CHECK_SECONDS:
                    self._tell_losses(consumer, producer, polled)
                    looked = time.monotonic()
                for partition, records in polled.items():
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
                    self._next[partition] = records[-1].offset + 1
                if polled:
                    consumer.commit()
                    self._remember(polled)
                    _log.info("intake.taken", topic=self.topic, records=sum(map(len, polled.values())))

    # What was removed before it was read

    def _may_have_gap(self, consumer: Any, polled: Mapping[TopicPartition, list[Any]]) -> bool:  # noqa: ANN401 - the client has no types
        """Return True if a partition is new to this reader, or its records do not follow those that were read."""
        assigned = consumer.assignment()
        for partition in self._next.keys() - assigned:
            del self._next[partition]  # another process reads it now
        return not assigned <= self._next.keys() or any(
            records[0].offset != self._next[partition] or records[-1].offset - records[0].offset >= len(records)
            for partition, records in polled.items()
        )

    def _tell_losses(self, consumer: Any, producer: Any, polled: Mapping[TopicPartition, list[Any]]) -> None:  # noqa: ANN401 - likewise
        """Log, remember and tell what was removed between where each partition was read to and what it has now."""
        partitions = list(consumer.assignment())
        if not partitions:
            return
        begins = consumer.beginning_offsets(partitions, timeout_ms=self._patience)
        ends = consumer.end_offsets(partitions, timeout_ms=self._patience)
        for partition in partitions:
            wanted = max(self._next.get(partition, 0), self._known_position(consumer, partition))
            begin, records = begins[partition], polled.get(partition, [])
            if wanted > ends[partition]:
                self._tell_loss(producer, partition.partition, wanted, None)
                wanted = begin
            for first, last in gaps(wanted, begin, [record.offset for record in records]):
                self._tell_loss(producer, partition.partition, first, last)
            self._next[partition] = wanted
            if not records and begin > wanted:
                # Report it now: after a restart it is not found again.
                consumer.commit({partition: OffsetAndMetadata(begin, "", -1)})
                self._next[partition] = begin
            if not records:
                self._remember([partition])

    def _known_position(self, consumer: Any, partition: TopicPartition) -> int:  # noqa: ANN401 - likewise
        committed = consumer.committed(partition, timeout_ms=self._patience)
        own = None if self._positions is None else self._positions.next(self.topic, partition.partition)
        return max(committed or 0, own or 0)

    def _tell_loss(self, producer: Any, partition: int, first: int, last: int | None) -> None:  # noqa: ANN401 - likewise
        detail = lost_range(self.topic, partition, first, last)
        _log.error("intake.events_lost", topic=self.topic, partition=partition, first=first, last=last)
        if self._positions is not None:
            self._positions.note_loss(self.topic, partition, first, last)
        event = {
            "specversion": "1.0",
            "id": f"{self.topic}-{partition}-{first}-lost",
            "source": f"{self._origin}/intake",
            "type": "registry.intake.lost.v1",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": {"partition": partition, "first": first, "last": last, "detail": f"{detail} Send them again."},
        }
        producer.send(self.results, value=msgspec.json.encode(event)).get(timeout=self._patience / 1000)

    def _remember(self, partitions: Iterable[TopicPartition]) -> None:
        if self._positions is not None:
            self._positions.advance(self.topic, {one.partition: self._next[one] for one in partitions})

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
        return connect(kind, self._brokers, self._patience / 1000, **settings)

    @contextlib.contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            where = ",".join(self._brokers)
            raise IntakeUnavailable(
                f"cannot {doing} {self.topic} at {where}: {error or type(error).__name__}"
            ) from error
