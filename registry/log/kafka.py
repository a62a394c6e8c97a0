"""The shared log in Apache Kafka: one topic a stream, of one partition.

The producer is idempotent and waits for all in-sync replicas; a commit counts when Kafka has acknowledged it.
Offsets are positions. Consumer groups are not used: where a reader has come to is kept with its rows.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

from registry.log import BATCH_BYTES, GOVERNANCE, Record
from registry.log.errors import LogError, LogUnavailable, NoSuchStream, ReadOnlyLog, WriterBusy

PREFIX: Final = "registry."
_TOPIC_SETTINGS: Final = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "max.message.bytes": str(1024 * 1024),  # a commit's 768 KiB with room for Kafka's own
}
_REPLICATION: Final = 3
_BACK: Final = 64


class KafkaLog:
    """Topics `registry.<member>` and `registry.governance` of one cluster."""

    def __init__(
        self, brokers: Sequence[str], consortium: str, *, read_only: bool = False, patience: float = 30.0
    ) -> None:
        """`patience`: seconds after which an append or a read that gets no answer raises `LogUnavailable`."""
        del consortium  # topics carry no origin: commits do
        # What goes wrong reaches the caller as one of our errors; the client's own running commentary does not.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        self._brokers = list(brokers)
        self._read_only = read_only
        self._patience = patience
        self._producer: KafkaProducer | None = None
        self._consumers: dict[str, KafkaConsumer] = {}
        self._waiter: KafkaConsumer | None = None
        self._writing: set[str] = set()
        self._lock = threading.RLock()
        self._wait_lock = threading.Lock()

    def create(self, stream: str) -> None:
        """Make the topic unless it is there: replicated three times where there are three brokers."""
        self._writable()
        with self._errors("make the topic of", stream):
            admin = KafkaAdminClient(
                bootstrap_servers=self._brokers,
                request_timeout_ms=int(self._patience * 1000),
                bootstrap_timeout_ms=int(self._patience * 1000),
            )
            try:
                if _topic(stream) in admin.list_topics():
                    return
                brokers = len(admin.describe_cluster()["brokers"])
                copies = min(_REPLICATION, brokers)
                settings = _TOPIC_SETTINGS | {"min.insync.replicas": str(max(1, copies - 1))}
                topic = NewTopic(_topic(stream), num_partitions=1, replication_factor=copies, topic_configs=settings)
                with contextlib.suppress(TopicAlreadyExistsError):  # somebody else made it just now
                    admin.create_topics([topic], wait_for_metadata=True)
            finally:
                admin.close()

    def streams(self) -> list[str]:
        """The streams whose topics exist."""
        with self._lock, self._errors("list the topics of", "the log"):
            topics = self._consumer(GOVERNANCE, check=False).topics()
        return sorted(topic.removeprefix(PREFIX) for topic in topics if topic.startswith(PREFIX))

    # Reading

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """What one fetch gives from an offset on."""
        with self._lock, self._errors("read", stream):
            consumer, partition = self._consumer(stream), TopicPartition(_topic(stream), 0)
            if start >= self._end(consumer, partition):
                return []
            if consumer.position(partition) != start:
                consumer.seek(partition, start)
            until = time.monotonic() + self._patience
            while time.monotonic() < until:
                got = consumer.poll(timeout_ms=200, max_records=max(1, max_bytes // 1024))
                if messages := got.get(partition):
                    found = [Record(m.offset, m.offset + 1, m.value or b"") for m in messages]
                    return self._within(consumer, partition, found, max_bytes)
        raise LogUnavailable(f"{self} gave nothing of {stream} at {start} for {self._patience:.0f} s; is it healthy?")

    @staticmethod
    def _within(
        consumer: KafkaConsumer, partition: TopicPartition, found: list[Record], max_bytes: int
    ) -> list[Record]:
        size = 0
        for count, record in enumerate(found):
            size += len(record.data)
            if count and size > max_bytes:
                consumer.seek(partition, record.position)
                return found[:count]
        return found

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """All records from an offset on."""
        while found := self.read(stream, start):
            yield from found
            start = found[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """All records from the newest back, some dozens at a time."""
        end = self.end(stream)
        while end > 0:
            begin = max(0, end - _BACK)
            found: list[Record] = []
            at = begin
            while at < end and (more := self.read(stream, at)):
                found += [record for record in more if record.position < end]
                at = more[-1].next
            yield from reversed(found)
            end = begin

    def end(self, stream: str) -> int:
        """The offset after the last record."""
        with self._lock, self._errors("read the end of", stream):
            return self._end(self._consumer(stream), TopicPartition(_topic(stream), 0))

    def _end(self, consumer: KafkaConsumer, partition: TopicPartition) -> int:
        offsets = consumer.end_offsets([partition], timeout_ms=int(self._patience * 1000))
        return int(offsets[partition])

    def seek(self, stream: str, size: int) -> int:
        """An offset at or before the record with leaf `size`, by bisection over offsets."""
        low, high = 0, self.end(stream)
        while high - low > 1:
            middle = (low + high) // 2
            found = self.read(stream, middle, 1)
            lines = found[0].data.split(b"\n", 2) if found else []
            if len(lines) == 3 and lines[1].isdigit() and int(lines[1]) <= size:
                low = middle
            else:
                high = middle
        return low

    # Writing

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        """Keep two writers of one process apart. Others are kept out by the topic's ACL, and by the commits."""
        self._writable()
        with self._lock:
            if stream in self._writing:
                raise WriterBusy(f"this process writes the stream {stream} at {self} already")
            self._writing.add(stream)
        try:
            yield
        finally:
            with self._lock:
                self._writing.discard(stream)

    def append(self, stream: str, records: Sequence[bytes]) -> list[int]:
        """Send all, then wait for all to be acknowledged. Only within `writer`."""
        self._writable()
        if stream not in self._writing:
            raise LogError(f"append to {stream} outside of writer({stream!r})")
        if not records:
            return []
        try:
            with self._errors("append to", stream):
                producer = self._open_producer()
                sent = [producer.send(_topic(stream), value=record, partition=0) for record in records]
                until = time.monotonic() + self._patience
                return [int(each.get(timeout=max(0.001, until - time.monotonic())).offset) for each in sent]
        except LogError:
            # Its unacknowledged batches must not arrive behind our back, after the end was looked at.
            self._drop_producer()
            raise

    def _open_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                patience = int(self._patience * 1000)
                self._producer = KafkaProducer(
                    bootstrap_servers=self._brokers,
                    acks="all",
                    enable_idempotence=True,
                    compression_type="zstd",
                    linger_ms=0,
                    batch_size=1024 * 1024,
                    max_request_size=2 * 1024 * 1024,
                    max_block_ms=patience,
                    delivery_timeout_ms=patience,
                    request_timeout_ms=max(1000, patience // 2),
                    bootstrap_timeout_ms=patience,
                    reconnect_backoff_max_ms=1000,
                    allow_auto_create_topics=False,
                    metrics_enabled=False,
                )
            return self._producer

    def _drop_producer(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=0)

    # Following

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Ask the broker to answer as soon as one of the topics has more."""
        with self._wait_lock, self._errors("follow", ", ".join(positions)):
            if self._waiter is None:
                self._waiter = self._new_consumer(fetch_max_wait_ms=500, max_partition_fetch_bytes=64 * 1024)
            partitions = {TopicPartition(_topic(stream), 0): stream for stream in positions}
            if self._waiter.assignment() != set(partitions):
                self._waiter.assign(list(partitions))
            for partition, stream in partitions.items():
                self._waiter.seek(partition, positions[stream])
            until = time.monotonic() + timeout
            while True:
                left = until - time.monotonic()
                got = self._waiter.poll(timeout_ms=max(0, int(left * 1000)), max_records=len(partitions))
                if got or left <= 0:
                    return {partitions[partition] for partition in got}

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._producer is not None:
                self._producer.close(timeout=1)
            for consumer in (*self._consumers.values(), self._waiter):
                if consumer is not None:
                    consumer.close(autocommit=False)
            self._producer, self._waiter = None, None
            self._consumers.clear()

    def __str__(self) -> str:
        return f"Kafka at {','.join(self._brokers)}"

    def _consumer(self, stream: str, *, check: bool = True) -> KafkaConsumer:
        """The stream's own consumer, so that what it fetched ahead is not thrown away by another's."""
        consumer = self._consumers.get(stream)
        if consumer is None:
            consumer = self._new_consumer(fetch_max_wait_ms=50, max_partition_fetch_bytes=BATCH_BYTES)
            self._consumers[stream] = consumer
        if check and not consumer.assignment():
            if consumer.partitions_for_topic(_topic(stream)) is None:
                raise NoSuchStream(f"there is no topic {_topic(stream)} at {self}")
            consumer.assign([TopicPartition(_topic(stream), 0)])
        return consumer

    def _new_consumer(self, **settings: Any) -> KafkaConsumer:  # noqa: ANN401 - the client's own settings
        return KafkaConsumer(
            bootstrap_servers=self._brokers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=int(self._patience * 1000),
            request_timeout_ms=max(2000, int(self._patience * 1000)),
            reconnect_backoff_max_ms=1000,
            fetch_max_bytes=16 * 1024 * 1024,
            metrics_enabled=False,
            **settings,
        )

    @contextlib.contextmanager
    def _errors(self, doing: str, stream: str) -> Iterator[None]:
        try:
            yield
        except UnknownTopicOrPartitionError as error:
            raise NoSuchStream(f"there is no topic {_topic(stream)} at {self}") from error
        except (KafkaConnectionError, KafkaTimeoutError) as error:
            raise LogUnavailable(f"cannot {doing} {stream}: no answer from {self}; is the broker running?") from error
        except KafkaError as error:
            raise LogUnavailable(f"cannot {doing} {stream} at {self}: {error}") from error

    def _writable(self) -> None:
        if self._read_only:
            raise ReadOnlyLog(f"{self} was opened for reading")


def _topic(stream: str) -> str:
    return PREFIX + stream
