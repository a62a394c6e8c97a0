"""A university's events over its own node's Kafka: topic `intake.<member>` in, `intake.<member>.results` out.

Each record is handled at least once: its offset is committed after its effect is stored and its result is acknowledged.
A repeated record has no second effect, and its result has the same id. A bad record gets a result like any other, and
never stops the topic.

Kafka removes old records whether they were read or not. A gap between the next offset to read and the first offset that
exists is logged, remembered and reported on the results topic; then reading continues after it.
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
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata, TopicPartition

from registry.intake.event_handler import Result
from registry.intake.lost_events import IntakePositions, lost_range
from registry.intake.rows.report import IntakeError, IntakeUnavailable
from registry.log.addresses import KafkaAddress, parse_kafka
from registry.log.errors import BadAddress
from registry.log.kafka_client import connect
from registry.log.kafka_probe import explain_failure

_log = structlog.get_logger(__name__)
AT_ONCE: Final = 500
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
_SETTINGS: Final = {"retention.ms": str(_WEEK_MS), "max.message.bytes": str(512 * 1024)}
_GAP_CHECK_SECONDS: Final = 30.0
"""Interval at which an idle topic is checked for records that were removed."""

Handle = Callable[[Sequence[bytes | None]], list[Result]]


def parse_address(url: str) -> KafkaAddress:
    """Return the brokers of `kafka://HOST:PORT[,HOST:PORT]`, and how they are secured. Raises `IntakeError`."""
    try:
        return parse_kafka(url)
    except BadAddress as error:
        raise IntakeError(f"{error}; the intake's Kafka is kafka://HOST:PORT[,HOST:PORT]") from error


def retention_warnings(topic: str, settings: Mapping[str, str]) -> list[str]:
    """Return the reasons why events of a topic may be removed before this node reads them.

    `settings` are the topic's settings in Kafka: `retention.ms`, `retention.bytes` and `cleanup.policy`.
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


def find_gaps(expected: int, begin: int, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of offsets, both ends included, that were removed before they were read.

    `expected` is the offset to read next, `begin` the first one that exists, `offsets` those that were just read.
    Offsets that are missing after `begin` were never events: they mark transactions, or compaction removed them.
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
        address: KafkaAddress,
        member: str,
        origin: str,
        handle: Handle,
        timeout_seconds: float = 30.0,
        positions: IntakePositions | None = None,
    ) -> None:
        """Raises `KafkaSecurityError` where a file that secures connections is missing or wrong.

        `handle` carries events out and stores them; `timeout_seconds` is how long the client waits for a broker.

        `positions` remembers how far the topic was read, and which events are lost; without it only Kafka does.
        """
        client = logging.getLogger("kafka")
        if client.level == logging.NOTSET:
            client.setLevel(logging.CRITICAL)
        self.topic = f"intake.{member}"
        self.results = f"{self.topic}.results"
        self._address = address
        for warning in address.security.check() if address.security is not None else ():
            _log.warning("intake.certificate_ends_soon", certificate=warning)
        self._origin = origin
        self._handle = handle
        self._timeout_ms = int(timeout_seconds * 1000)
        self._positions = positions
        self._next: dict[TopicPartition, int] = {}
        """The next offset to read of each partition that this reader has."""

    def create(self) -> list[str]:
        """Create the topics that do not exist. They keep records for a week only, because the intake topic has names.

        Return warnings about settings of the intake topic that may remove events before this node reads them.
        """
        with self._translate_errors("make the topics of"):
            admin = self._connect(KafkaAdminClient)
            try:
                there = admin.list_topics()
                copies = min(3, len(admin.describe_cluster()["brokers"]))
                for name in (self.topic, self.results):
                    if name not in there:
                        topic = NewTopic(name, num_partitions=1, replication_factor=copies, topic_configs=_SETTINGS)
                        with contextlib.suppress(TopicAlreadyExistsError):
                            admin.create_topics([topic], wait_for_metadata=True)
                warnings = self._read_retention_warnings(admin)
            finally:
                admin.close()
        for warning in warnings:
            _log.warning("intake.events_may_be_lost", warning=warning)
        return warnings

    def _read_retention_warnings(self, admin: Any) -> list[str]:  # noqa: ANN401 - the client has no types
        try:
            configs = admin.describe_configs([ConfigResource("topic", self.topic)], config_filter="all")
            settings = {name: setting["value"] for name, setting in configs["topic"][self.topic].items()}
        except (KafkaError, KeyError) as error:  # a broker may let only some read settings: the intake goes on
            return [f"How long {self.topic} keeps events could not be checked: {error or type(error).__name__}"]
        return retention_warnings(self.topic, settings)

    def run(self, stop: threading.Event, on_results: Callable[[list[Result]], None] = lambda _: None) -> None:
        """Handle events until `stop` is set. Raises `IntakeUnavailable`, and what `handle` raises; then call it again.

        Events that were handled and not committed come again.
        """
        self._next, checked = {}, -_GAP_CHECK_SECONDS
        with self._clients() as (consumer, producer):
            while not stop.is_set():
                polled = consumer.poll(timeout_ms=200, max_records=AT_ONCE)
                if self._may_have_gap(consumer, polled) or time.monotonic() - checked > _GAP_CHECK_SECONDS:
                    self._report_losses(consumer, producer, polled)
                    checked = time.monotonic()
                for partition, records in polled.items():
                    results = self._handle([record.value for record in records])
                    answers = [
                        producer.send(
                            self.results, key=record.key, value=msgspec.json.encode(self._build_event(record, result))
                        )
                        for record, result in zip(records, results, strict=True)
                    ]
                    for answer in answers:
                        answer.get(timeout=self._timeout_ms / 1000)  # raises if the broker has not accepted it
                    on_results(results)
                    self._next[partition] = records[-1].offset + 1
                if polled:
                    consumer.commit()
                    self._remember(polled)
                    _log.info("intake.taken", topic=self.topic, records=sum(map(len, polled.values())))

    # Lost events

    def _may_have_gap(self, consumer: Any, polled: Mapping[TopicPartition, list[Any]]) -> bool:  # noqa: ANN401 - the client has no types
        """Return True if a partition is new to this reader, or its records do not follow those that were read."""
        assigned = consumer.assignment()
        for partition in self._next.keys() - assigned:
            del self._next[partition]  # another process reads it now
        return not assigned <= self._next.keys() or any(
            records[0].offset != self._next[partition] or records[-1].offset - records[0].offset >= len(records)
            for partition, records in polled.items()
        )

    def _report_losses(self, consumer: Any, producer: Any, polled: Mapping[TopicPartition, list[Any]]) -> None:  # noqa: ANN401 - likewise
        """Log, remember and report events that were removed since each partition was read."""
        partitions = list(consumer.assignment())
        if not partitions:
            return
        begins = consumer.beginning_offsets(partitions, timeout_ms=self._timeout_ms)
        ends = consumer.end_offsets(partitions, timeout_ms=self._timeout_ms)
        for partition in partitions:
            expected = max(self._next.get(partition, 0), self._find_position(consumer, partition))
            begin, records = begins[partition], polled.get(partition, [])
            if expected > ends[partition]:
                self._report_loss(producer, partition.partition, expected, None)
                expected = begin
            for first, last in find_gaps(expected, begin, [record.offset for record in records]):
                self._report_loss(producer, partition.partition, first, last)
            self._next[partition] = expected
            if not records and begin > expected:
                # Report it now: after a restart it is not found again.
                consumer.commit({partition: OffsetAndMetadata(begin, "", -1)})
                self._next[partition] = begin
            if not records:
                self._remember([partition])

    def _find_position(self, consumer: Any, partition: TopicPartition) -> int:  # noqa: ANN401 - likewise
        committed = consumer.committed(partition, timeout_ms=self._timeout_ms)
        own = None if self._positions is None else self._positions.next(self.topic, partition.partition)
        return max(committed or 0, own or 0)

    def _report_loss(self, producer: Any, partition: int, first: int, last: int | None) -> None:  # noqa: ANN401 - likewise
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
        producer.send(self.results, value=msgspec.json.encode(event)).get(timeout=self._timeout_ms / 1000)

    def _remember(self, partitions: Iterable[TopicPartition]) -> None:
        if self._positions is not None:
            self._positions.advance(
                self.topic, {partition.partition: self._next[partition] for partition in partitions}
            )

    def _build_event(self, record: Any, result: Result) -> dict[str, Any]:  # noqa: ANN401 - the client has no types
        fields = msgspec.to_builtins(result)
        fields.pop("event_id")
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"{record.topic}-{record.partition}-{record.offset}",
            "source": f"{self._origin}/intake",
            "type": f"registry.intake.{'accepted' if result.accepted else 'refused'}.v1",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "data": {"event": msgspec.to_builtins(result.event_id), "offset": record.offset, **fields},
        }
        if result.credential:
            event["subject"] = result.credential
        return event

    @contextlib.contextmanager
    def _clients(self) -> Iterator[tuple[Any, Any]]:
        with self._translate_errors("read"), contextlib.ExitStack() as stack:
            producer = self._connect(
                KafkaProducer,
                acks="all",
                enable_idempotence=True,
                max_block_ms=self._timeout_ms,
                delivery_timeout_ms=self._timeout_ms,
                request_timeout_ms=max(1000, self._timeout_ms // 3),
                allow_auto_create_topics=False,
            )
            stack.callback(producer.close, timeout=5)
            consumer = self._connect(
                partial(KafkaConsumer, self.topic),
                group_id=self.topic,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_records=AT_ONCE,
                allow_auto_create_topics=False,
            )
            stack.callback(consumer.close, autocommit=False)
            yield consumer, producer

    def _connect(self, kind: Callable[..., Any], **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
        return connect(kind, self._address.brokers, self._timeout_ms / 1000, self._address.security, **settings)

    @contextlib.contextmanager
    def _translate_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except KafkaError as error:
            where, reason = ",".join(self._address.brokers), None
            if isinstance(error, (KafkaConnectionError, KafkaTimeoutError)):
                reason = explain_failure(self._address.brokers, self._address.security)
            raise IntakeUnavailable(
                f"cannot {doing} {self.topic} at {where}: {reason or error or type(error).__name__}"
            ) from error
