"""The shared log in Apache Kafka: one topic a stream, of one partition.

The producer is idempotent and waits for all in-sync replicas; a commit counts when Kafka has acknowledged it.
Offsets are positions. Consumer groups are not used: where a reader has come to is kept with its rows.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)

from registry.log import BATCH_BYTES, Record, check_name, check_sizes, origin_of
from registry.log.errors import (
    LogError,
    LogMoved,
    LogUnavailable,
    NoSuchStream,
    ReadOnlyLog,
    RecordTooLarge,
    TailLost,
    WriterBusy,
)
from registry.log.framing import Framing
from registry.log.kafka_client import connected
from registry.log.kafka_topics import make_topic, stream_of, topic_of, warn_of_limits

_BACK: Final = 64
_FETCH: Final = 1024 * 1024
"""Compressed; unpacked it is about what a reader asks for at a time."""
_PARKED: Final = 500
"""Milliseconds that a broker holds a question back for news; it answers nothing else on that connection then."""


class KafkaLog:
    """Topics `registry.<member>` and `registry.governance` of one cluster."""

    def __init__(
        self, brokers: Sequence[str], consortium: str, *, read_only: bool = False, patience: float = 30.0
    ) -> None:
        """`patience`: seconds after which an append or a read that gets no answer raises `LogUnavailable`."""
        # What goes wrong reaches the caller as one of our errors; the client's own running commentary does not,
        # unless somebody set a level to see it.
        client = logging.getLogger("kafka")
        if client.level == logging.NOTSET:
            client.setLevel(logging.CRITICAL)
        self._consortium = consortium
        self._brokers = list(brokers)
        self._read_only = read_only
        self._patience = patience
        self._producer: KafkaProducer | None = None
        self._reader: KafkaConsumer | None = None
        self._turned: str | None = None
        """The stream that the reader is turned to."""
        self._reached: tuple[str, int] | None = None
        """The stream and position that `_held` goes on from."""
        self._held: deque[Record] = deque()
        """Records that came with others and were not asked for yet."""
        self._barren: dict[str, tuple[int, int]] = {}
        """Offsets that hold no record: the marks of a transaction, which nobody of ours writes."""
        self._known: set[str] = set()
        self._waiter: KafkaConsumer | None = None
        self._awaited: dict[TopicPartition, int] = {}
        self._writing: dict[str, int] = {}
        """Streams that this instance writes, and the offset at which each ended when it last looked."""
        self._lock = threading.RLock()
        self._wait_lock = threading.Lock()

    def create(self, stream: str) -> None:
        """Make the topic unless it is there: replicated three times where there are three brokers."""
        self._writable()
        check_name(stream)
        with self._errors("make the topic of", stream):
            admin = self._connected(KafkaAdminClient, request_timeout_ms=int(self._patience * 1000))
            try:
                make_topic(admin, stream)
            finally:
                admin.close()

    def streams(self) -> list[str]:
        """The streams whose topics exist."""
        with self._lock, self._errors("list the topics of", "the log"):
            topics = self._open_reader().topics()
        return sorted(name for topic in topics if (name := stream_of(topic)) is not None)

    # Reading

    def read(self, stream: str, start: int = 0, max_bytes: int = BATCH_BYTES) -> list[Record]:
        """Return what one fetch returns from an offset on."""
        with self._lock, self._errors("read", stream):
            if self._reached != (stream, start) or not self._held:
                self._fetch(stream, start)
            found: list[Record] = []
            size = 0
            while self._held and (not found or size + len(self._held[0].data) <= max_bytes):
                found.append(self._held.popleft())
                size += len(found[-1].data)
            if found:
                self._reached = (stream, found[-1].next)
            return found

    def _fetch(self, stream: str, start: int) -> None:
        """Hold the next records from `start` on, if there are any."""
        self._held.clear()
        reader, partition = self._reader_of(stream), TopicPartition(topic_of(stream), 0)
        end = self._end(stream)
        if start > end:
            self._barren.pop(stream, None)
            raise TailLost(
                f"{topic_of(stream)} at {self} ends at offset {end:,}, and reading was to go on at {start:,}:"
                " the topic lost its end, or was deleted and made again"
            )
        if start == end or self._is_barren(stream, start, end):
            return
        if self._reached != (stream, start):
            reader.seek(partition, start)
        self._reached = None
        until = time.monotonic() + self._patience
        while (left := until - time.monotonic()) > 0:
            got = reader.poll(timeout_ms=min(200, int(left * 1000)), max_records=8192).get(partition, [])
            # An offset before a topic's first gives that one; one before what was asked for must not come.
            self._held.extend(Record(m.offset, m.offset + 1, m.value or b"") for m in got if m.offset >= start)
            if self._held:
                self._reached = (stream, start)
                return
            if (reader.position(partition, timeout_ms=1000) or 0) >= end:
                self._barren[stream] = (start, end)
                return
        raise LogUnavailable(f"{self} gave nothing of {stream} at {start} for {self._patience:.0f} s; is it healthy?")

    def _is_barren(self, stream: str, start: int, end: int) -> bool:
        first, last = self._barren.get(stream, (0, 0))
        return first <= start and end <= last

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
            self._reader_of(stream)
            return self._end(stream)

    def _end(self, stream: str) -> int:
        return self._ends([stream])[stream]

    def _ends(self, streams: Sequence[str]) -> dict[str, int]:
        partitions = {TopicPartition(topic_of(stream), 0): stream for stream in streams}
        reader = self._open_reader()
        offsets = reader.end_offsets(list(partitions), timeout_ms=int(self._patience * 1000))
        return {stream: int(offsets[partition]) for partition, stream in partitions.items()}

    def torn(self, stream: str) -> int:  # noqa: ARG002 - a broker keeps whole messages
        """Return 0: a broker keeps whole messages."""
        return 0

    def seek(self, stream: str, size: int) -> int:
        """An offset at or before the record with leaf `size`, by bisection over offsets."""
        framing = Framing(origin_of(self._consortium, stream))
        low, high = 0, self.end(stream)
        while high - low > 1:
            middle = (low + high) // 2
            found = self.read(stream, middle, 1)
            claimed = framing.claimed_size(found[0].data) if found else None
            if claimed is not None and claimed <= size:
                low = middle
            else:  # too far; or not to be read, and then nearer the beginning is never wrong
                high = middle
        return low

    # Writing

    @contextlib.contextmanager
    def writer(self, stream: str) -> Iterator[None]:
        """Keep two writers of one process apart. Others are kept out by the topic's ACL, and by the commits."""
        self._writable()
        with self._lock:
            with self._errors("write", stream):
                self._reader_of(stream)
                end = self._end(stream)
            self._warn_of_limits(stream)
            if stream in self._writing:
                raise WriterBusy(f"this process writes the stream {stream} at {self} already")
            self._writing[stream] = end
        try:
            yield
        finally:
            with self._lock:
                self._writing.pop(stream, None)

    def _warn_of_limits(self, stream: str) -> None:
        with contextlib.suppress(KafkaError):  # not everybody may read a topic's settings, and nothing hangs on it
            admin = self._connected(KafkaAdminClient, request_timeout_ms=int(self._patience * 1000))
            try:
                warn_of_limits(admin, stream)
            finally:
                admin.close()

    def append(self, stream: str, records: Sequence[bytes], after: int | None = None) -> list[int]:
        """Send all, then wait for all to be acknowledged. Only within `writer`.

        Kafka has no append that compares: the end is read before, and the offsets are compared afterwards.
        """
        self._writable()
        known = self._writing.get(stream)
        if known is None:
            raise LogError(f"append to {stream} outside of writer({stream!r})")
        check_sizes(stream, records)
        if not records:
            return []
        start = known if after is None else after
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
            with self._errors("append to", stream):
                producer = self._open_producer()
                sent = [producer.send(topic_of(stream), value=record, partition=0) for record in records]
                # The producer itself gives up after `patience`; a little later every record's fate is known.
                until = time.monotonic() + self._patience + 2
                return [int(each.get(timeout=max(0.001, until - time.monotonic())).offset) for each in sent]
        except BaseException:
            # Its unacknowledged batches must not arrive behind our back, after the end was looked at.
            self._drop_producer()
            raise

    def _open_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                patience = int(self._patience * 1000)
                self._producer = self._connected(
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
        producer._sender.join(5)  # noqa: SLF001
        with contextlib.suppress(KafkaError):
            producer.close(timeout=1)

    # Following

    def wait(self, positions: Mapping[str, int], timeout: float) -> set[str]:
        """Ask the broker to answer as soon as one of the topics has more."""
        until = time.monotonic() + timeout
        with self._wait_lock, self._errors("follow", ", ".join(positions)):
            while not (there := self._existing(positions)):  # a stream may be made meanwhile
                if time.monotonic() >= until:
                    return set()
                time.sleep(max(0.0, min(0.2, until - time.monotonic())))
            partitions = {TopicPartition(topic_of(stream), 0): stream for stream in there}
            moved = [s for p, s in partitions.items() if self._awaited.get(p) != positions[s]]
            if moved:
                # Asked on the reader's connection: this one's may be parked at the broker.
                with self._lock:
                    ends = self._ends(moved)
                    news = {s for s in moved if ends[s] > positions[s]}
                    news -= {s for s in news if self._is_barren(s, positions[s], ends[s])}
                if news:
                    return news
            waiter = self._follow(partitions, positions)
            while True:
                left = until - time.monotonic()
                got = waiter.poll(timeout_ms=max(0, int(left * 1000)))
                self._awaited |= {partition: found[-1].offset + 1 for partition, found in got.items()}
                if got or left <= 0:
                    return {partitions[partition] for partition in got}

    def _existing(self, streams: Mapping[str, int]) -> list[str]:
        if self._known.issuperset(streams):
            return list(streams)
        with self._lock:
            self._known.update(self.streams())
        return [stream for stream in streams if stream in self._known]

    def _follow(self, partitions: Mapping[TopicPartition, str], positions: Mapping[str, int]) -> KafkaConsumer:
        if self._waiter is None:
            self._waiter = self._new_consumer(fetch_max_wait_ms=_PARKED, max_partition_fetch_bytes=64 * 1024)
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
        with self._wait_lock, self._lock:
            for consumer in (self._reader, self._waiter):
                if consumer is not None:
                    consumer.close(autocommit=False, timeout_ms=1000)
            self._reader, self._waiter, self._reached, self._turned = None, None, None, None
            self._held.clear()
            self._awaited.clear()

    def __str__(self) -> str:
        return f"Kafka at {','.join(self._brokers)}"

    def _open_reader(self) -> KafkaConsumer:
        if self._reader is None:
            # It fetches only what is there. A question held back would hold up the next one behind it.
            self._reader = self._new_consumer(fetch_max_wait_ms=5, max_partition_fetch_bytes=_FETCH)
        return self._reader

    def _reader_of(self, stream: str) -> KafkaConsumer:
        """The reader, turned to a stream. Raises `NoSuchStream`."""
        reader, partition = self._open_reader(), TopicPartition(topic_of(stream), 0)
        if stream not in self._known:
            if not reader.partitions_for_topic(partition.topic):
                raise NoSuchStream(f"there is no topic {partition.topic} at {self}")
            self._known.add(stream)
        if self._turned != stream:
            # All topics that were read stay assigned, all but one paused: assigning takes a tenth of a second.
            assigned = reader.assignment()
            if partition not in assigned:
                reader.assign([*assigned, partition])
                for each in (*assigned, partition):
                    reader.seek(each, 0)  # it would look for a place of its own otherwise
            reader.pause(*(each for each in reader.assignment() if each != partition))
            reader.resume(partition)
            self._turned = stream
            self._reached = None
            self._held.clear()
        return reader

    def _new_consumer(self, **settings: int) -> KafkaConsumer:
        return self._connected(
            KafkaConsumer,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            request_timeout_ms=max(2000, int(self._patience * 1000)),
            fetch_max_bytes=16 * 1024 * 1024,
            # Turning to another topic asks for its offset again, and the first answer is often "try again".
            retry_backoff_ms=5,
            metrics_enabled=False,
            **settings,
        )

    def _connected(self, kind: Callable[..., Any], **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
        return connected(kind, self._brokers, self._patience, **settings)

    @contextlib.contextmanager
    def _errors(self, doing: str, stream: str) -> Iterator[None]:
        try:
            yield
        except UnknownTopicOrPartitionError as error:
            raise NoSuchStream(f"there is no topic {topic_of(stream)} at {self}") from error
        except MessageSizeTooLargeError as error:
            raise RecordTooLarge(
                f"{self} takes no record of this size for {stream}; look at the topic's settings"
            ) from error
        except AuthorizationError as error:
            raise LogError(f"{self} does not let us {doing} {stream}; look at the topic's access list") from error
        except (KafkaConnectionError, KafkaTimeoutError) as error:
            raise LogUnavailable(f"cannot {doing} {stream}: no answer from {self}; is the broker running?") from error
        except KafkaError as error:
            raise LogUnavailable(f"cannot {doing} {stream} at {self}: {error}") from error

    def _writable(self) -> None:
        if self._read_only:
            raise ReadOnlyLog(f"{self} was opened for reading")
