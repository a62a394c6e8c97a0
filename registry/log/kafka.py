"""The shared log in Apache Kafka: one topic a stream, of one partition.

The producer is idempotent and waits for all in-sync replicas; a commit counts when Kafka has acknowledged it.
Offsets are positions. Consumer groups are not used: readers store their positions with their rows.
"""

import contextlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from registry.log import BATCH_BYTES, Record, check_name, check_sizes, origin_of
from registry.log.errors import LogError, LogMoved, ReadOnlyLog, WriterBusy
from registry.log.framing import Framing
from registry.log.kafka_cluster import KafkaCluster
from registry.log.kafka_reader import KafkaReader
from registry.log.kafka_security import KafkaSecurity
from registry.log.kafka_topics import make_topic, topic_of, warn_of_limits

_BACK_RECORDS: Final = 64
_LONG_POLL_MS: Final = 500
"""Time for which a broker holds back its answer until there is news; it answers nothing else on that connection."""


class KafkaLog:
    """Topics `registry.<member>` and `registry.governance` of one cluster."""

    def __init__(
        self,
        brokers: Sequence[str],
        consortium: str,
        *,
        read_only: bool = False,
        patience: float = 30.0,
        security: KafkaSecurity | None = None,
    ) -> None:
        """`patience`: seconds after which an append or a read that gets no answer raises `LogUnavailable`.

        Raises `KafkaSecurityError` where files of `security` are missing or wrong; without it nothing is encrypted.
        """
        self._consortium = consortium
        self._cluster = KafkaCluster(brokers, patience, security)
        self._read_only = read_only
        self._reader = KafkaReader(self._cluster)
        self._producer: KafkaProducer | None = None
        self._writing: dict[str, int] = {}
        """Streams that this instance writes, and the offset at which each ended when it last looked."""
        self._lock = threading.RLock()
        self._waiter: KafkaConsumer | None = None
        self._awaited: dict[TopicPartition, int] = {}
        self._wait_lock = threading.Lock()

    def create(self, stream: str) -> None:
        """Make the topic unless it exists: replicated three times where there are three brokers."""
        self._require_writable()
        check_name(stream)
        with self._cluster.translate_errors("make the topic of", stream), self._cluster.administer() as admin:
            make_topic(admin, stream)

    def streams(self) -> list[str]:
        """Return the streams whose topics exist."""
        with self._cluster.translate_errors("list the topics of", "the log"):
            return self._reader.streams()

    # Reading

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """Return what one fetch returns from an offset on."""
        with self._cluster.translate_errors("read", stream):
            return self._reader.read(stream, start, max_bytes)

    def records(self, stream: str, start: int = 0) -> Iterator[Record]:
        """Yield all records from an offset on."""
        while records := self.read(stream, start):
            yield from records
            start = records[-1].next

    def read_back(self, stream: str) -> Iterator[Record]:
        """Yield all records from the newest back, some dozens at a time."""
        end = self.end(stream)
        while end > 0:
            begin = max(0, end - _BACK_RECORDS)
            records: list[Record] = []
            at = begin
            while at < end and (more := self.read(stream, at)):
                records += [record for record in more if record.position < end]
                at = more[-1].next
            yield from reversed(records)
            end = begin

    def end(self, stream: str) -> int:
        """Return the offset after the last record."""
        with self._cluster.translate_errors("read the end of", stream):
            return self._reader.end(stream)

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        """Return the first offset that each of these topics still has. One request asks for all of them."""
        with self._cluster.translate_errors("read the beginnings of", "the log"):
            return self._reader.beginnings(streams)

    def torn_bytes(self, stream: str) -> int:  # noqa: ARG002 - a broker keeps whole messages
        """Return 0: a broker keeps whole messages."""
        return 0

    def seek(self, stream: str, size: int) -> int:
        """Return an offset at or before the record with leaf `size`, by bisection over offsets."""
        framing = Framing(origin_of(self._consortium, stream))
        low, high = 0, self.end(stream)
        while high - low > 1:
            middle = (low + high) // 2
            records = self.read(stream, middle, 1)
            claimed = framing.claimed_size(records[0].data) if records else None
            if claimed is not None and claimed <= size:
                low = middle
            else:  # too far, or unreadable: an earlier position is never wrong
                high = middle
        return low

    # Writing

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        """Keep two writers of one process apart. Others are kept out by the topic's ACL, and by the commits."""
        self._require_writable()
        with self._cluster.translate_errors("write", stream):
            end = self._reader.end(stream)
        self._warn_of_limits(stream)
        with self._lock:
            if stream in self._writing:
                raise WriterBusy(f"this process writes the stream {stream} at {self} already")
            self._writing[stream] = end
        try:
            yield
        finally:
            with self._lock:
                self._writing.pop(stream, None)

    def _warn_of_limits(self, stream: str) -> None:
        # Not everybody may read a topic's settings, and nothing depends on it.
        with contextlib.suppress(KafkaError), self._cluster.administer() as admin:
            warn_of_limits(admin, stream)

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        """Send all, then wait for all to be acknowledged. Only within `writer`.

        Kafka has no append that compares: the end is read before, and the offsets are compared afterwards.
        """
        self._require_writable()
        end_before = self._writing.get(stream)
        if end_before is None:
            raise LogError(f"append to {stream} outside of writer({stream!r})")
        check_sizes(stream, records)
        if not records:
            return []
        start = end_before if after is None else after
        end = self.end(stream)
        if end != start:
            raise LogMoved(
                f"{topic_of(stream)} at {self} ends at offset {end:,}, not at {start:,}: the topic lost its end, was"
                " deleted and made again, or somebody else wrote to it. Nothing was appended"
            )
        offsets = self._send(stream, records)
        self._writing[stream] = offsets[-1] + 1
        if offsets != list(range(start, start + len(records))):
            raise LogMoved(
                f"somebody else wrote to {topic_of(stream)} at {self} meanwhile: records that were to stand from offset"
                f" {start:,} on stand from {offsets[0]:,} to {offsets[-1]:,}"
            )
        return offsets

    def _send(self, stream: str, records: Sequence[bytes]) -> list[int]:
        try:
            with self._cluster.translate_errors("append to", stream):
                producer = self._open_producer()
                sent = [producer.send(topic_of(stream), value=record, partition=0) for record in records]
                # The producer itself gives up after `patience`; a little later the fate of each record is settled.
                until = time.monotonic() + self._cluster.patience + 2
                return [int(each.get(timeout=max(0.001, until - time.monotonic())).offset) for each in sent]
        except BaseException:
            # Its unacknowledged batches must not arrive after the end was read again.
            self._drop_producer()
            raise

    def _open_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                patience = self._cluster.patience_ms
                self._producer = self._cluster.connect(
                    KafkaProducer,
                    acks="all",
                    enable_idempotence=True,
                    compression_type="zstd",
                    linger_ms=0,
                    batch_size=512 * 1024,
                    max_request_size=2 * 1024 * 1024,
                    max_block_ms=patience,
                    delivery_timeout_ms=patience,
                    request_timeout_ms=max(1000, patience // 3),
                    allow_auto_create_topics=False,
                    metrics_enabled=False,
                )
            return self._producer

    def _drop_producer(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is None:
            return
        # `close` waits for batches first, and where they do not come it leaves the sender running.
        producer._sender.force_close()  # noqa: SLF001 - the client has no other way to give batches up
        producer._sender.join(5)  # noqa: SLF001 - as above
        with contextlib.suppress(KafkaError):
            producer.close(timeout=1)

    # Following

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Ask the broker to answer as soon as one of the topics has more."""
        until = time.monotonic() + timeout
        with self._wait_lock, self._cluster.translate_errors("follow", ", ".join(positions)):
            while not (existing := self._reader.select_existing(positions)):  # a stream may be made meanwhile
                if time.monotonic() >= until:
                    return set()
                time.sleep(max(0.0, min(0.2, until - time.monotonic())))
            partitions = {TopicPartition(topic_of(stream), 0): stream for stream in existing}
            moved = {s: positions[s] for p, s in partitions.items() if self._awaited.get(p) != positions[s]}
            # Asked on the reader's connection: the broker may hold back its answer on the waiter's.
            if moved and (grown := self._reader.find_grown(moved)):
                return grown
            waiter = self._follow(partitions, positions)
            while True:
                left = until - time.monotonic()
                news = waiter.poll(timeout_ms=max(0, int(left * 1000)))
                self._awaited |= {partition: messages[-1].offset + 1 for partition, messages in news.items()}
                if news or left <= 0:
                    return {partitions[partition] for partition in news}

    def _follow(self, partitions: Mapping[TopicPartition, str], positions: Mapping[str, int]) -> KafkaConsumer:
        if self._waiter is None:
            self._waiter = self._cluster.connect_consumer(
                fetch_max_wait_ms=_LONG_POLL_MS, max_partition_fetch_bytes=64 * 1024
            )
        if self._awaited.keys() != partitions.keys():
            self._waiter.assign(list(partitions))
            self._awaited = {p: at for p, at in self._awaited.items() if p in partitions}
        for partition, stream in partitions.items():
            if self._awaited.get(partition) != positions[stream]:
                self._waiter.seek(partition, positions[stream])
                self._awaited[partition] = positions[stream]
        return self._waiter

    def close(self) -> None:
        """Close all connections."""
        self._drop_producer()
        with self._wait_lock:
            self._reader.close()
            if self._waiter is not None:
                self._waiter.close(autocommit=False, timeout_ms=1000)
            self._waiter = None
            self._awaited.clear()

    def __str__(self) -> str:
        return str(self._cluster)

    def _require_writable(self) -> None:
        if self._read_only:
            raise ReadOnlyLog(f"{self} was opened for reading")
