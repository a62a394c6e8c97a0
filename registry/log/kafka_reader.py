"""Records of streams, fetched from their topics over one connection."""

import threading
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from kafka import KafkaConsumer, TopicPartition

from registry.log import Record
from registry.log.errors import LogUnavailable, TailLost
from registry.log.kafka_cluster import KafkaCluster
from registry.log.kafka_topics import stream_of, topic_of

_FETCH_BYTES: Final = 1024 * 1024
"""Compressed; unpacked it is about what a reader asks for at a time."""


class KafkaReader:
    """A reader of all streams. Threads may share it: they take turns. Raises the client's errors as they are."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster
        self._consumer: KafkaConsumer | None = None
        self._current: str | None = None
        """The stream whose topic is not paused."""
        self._next: tuple[str, int] | None = None
        """The stream and position that `_buffer` continues from."""
        self._buffer: deque[Record] = deque()
        """Records that arrived with others and were not read yet."""
        self._empty_ranges: dict[str, tuple[int, int]] = {}
        """Offsets that hold no record: the marks of a transaction, which no program of ours writes."""
        self._existing: set[str] = set()
        self._lock = threading.RLock()

    def streams(self) -> list[str]:
        """Return the streams whose topics exist."""
        with self._lock:
            topics = self._connect().topics()
        return sorted(name for topic in topics if (name := stream_of(topic)) is not None)

    def select_existing(self, streams: Collection[str]) -> list[str]:
        """Return those of some streams that exist."""
        with self._lock:
            if not self._existing.issuperset(streams):
                self._existing.update(self.streams())
            return [stream for stream in streams if stream in self._existing]

    def read(self, stream: str, start: int, max_bytes: int) -> list[Record]:
        """Return what one fetch returns from an offset on."""
        with self._lock:
            if self._next != (stream, start) or not self._buffer:
                self._fetch(stream, start)
            records: list[Record] = []
            size = 0
            while self._buffer and (not records or size + len(self._buffer[0].data) <= max_bytes):
                records.append(self._buffer.popleft())
                size += len(records[-1].data)
            if records:
                self._next = (stream, records[-1].next)
            return records

    def end(self, stream: str) -> int:
        """Return the offset after the last record. Raises `NoSuchStream`."""
        with self._lock:
            self._select(stream)
            return self._ends([stream])[stream]

    def beginnings(self, streams: Collection[str]) -> dict[str, int]:
        """Return the first offset that each of these streams still has; those that do not exist are left out."""
        with self._lock:
            partitions = {TopicPartition(topic_of(stream), 0): stream for stream in self.select_existing(streams)}
            if not partitions:
                return {}
            offsets = self._connect().beginning_offsets(list(partitions), timeout_ms=self._cluster.patience_ms)
            return {stream: int(offsets[partition]) for partition, stream in partitions.items()}

    def find_grown(self, positions: Mapping[str, int]) -> set[str]:
        """Return the streams that have records after their positions."""
        with self._lock:
            ends = self._ends(list(positions))
            grown = {stream for stream, position in positions.items() if ends[stream] > position}
            return {stream for stream in grown if not self._is_empty(stream, positions[stream], ends[stream])}

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._consumer is not None:
                self._consumer.close(autocommit=False, timeout_ms=1000)
            self._consumer, self._next, self._current = None, None, None
            self._buffer.clear()

    def _fetch(self, stream: str, start: int) -> None:
        """Fill the buffer with the next records from `start` on, if there are any."""
        self._buffer.clear()
        consumer, partition = self._select(stream), TopicPartition(topic_of(stream), 0)
        end = self._ends([stream])[stream]
        if start > end:
            self._empty_ranges.pop(stream, None)
            raise TailLost(
                f"{topic_of(stream)} at {self._cluster} ends at offset {end:,}, and reading was to go on at {start:,}:"
                " the topic lost its end, or was deleted and made again"
            )
        if start == end or self._is_empty(stream, start, end):
            return
        if self._next != (stream, start):
            consumer.seek(partition, start)
        self._next = None
        until = time.monotonic() + self._cluster.patience
        while (left := until - time.monotonic()) > 0:
            messages = consumer.poll(timeout_ms=min(200, int(left * 1000)), max_records=8192).get(partition, [])
            # A fetch before a topic's first offset returns that one; nothing before `start` may come.
            self._buffer.extend(Record(m.offset, m.offset + 1, m.value or b"") for m in messages if m.offset >= start)
            if self._buffer:
                self._next = (stream, start)
                return
            if (consumer.position(partition, timeout_ms=1000) or 0) >= end:
                self._empty_ranges[stream] = (start, end)
                return
        raise LogUnavailable(
            f"{self._cluster} gave nothing of {stream} at {start} for {self._cluster.patience:.0f} s; is it healthy?"
        )

    def _is_empty(self, stream: str, start: int, end: int) -> bool:
        first, last = self._empty_ranges.get(stream, (0, 0))
        return first <= start and end <= last

    def _ends(self, streams: Sequence[str]) -> dict[str, int]:
        partitions = {TopicPartition(topic_of(stream), 0): stream for stream in streams}
        offsets = self._connect().end_offsets(list(partitions), timeout_ms=self._cluster.patience_ms)
        return {stream: int(offsets[partition]) for partition, stream in partitions.items()}

    def _connect(self) -> KafkaConsumer:
        if self._consumer is None:
            # It fetches only what is there: a request that the broker holds back delays the next one.
            self._consumer = self._cluster.connect_consumer(fetch_max_wait_ms=5, max_partition_fetch_bytes=_FETCH_BYTES)
        return self._consumer

    def _select(self, stream: str) -> KafkaConsumer:
        """Return the consumer with all topics but this stream's paused. Raises `NoSuchStream`."""
        consumer, partition = self._connect(), TopicPartition(topic_of(stream), 0)
        if stream not in self._existing:
            if not consumer.partitions_for_topic(partition.topic):
                raise self._cluster.build_missing_stream(stream)
            self._existing.add(stream)
        if self._current != stream:
            # All topics that were read stay assigned, all but one paused: assigning takes a tenth of a second.
            assigned = consumer.assignment()
            if partition not in assigned:
                consumer.assign([*assigned, partition])
                for each in (*assigned, partition):
                    consumer.seek(each, 0)  # otherwise it would search for a position itself
            consumer.pause(*(each for each in consumer.assignment() if each != partition))
            consumer.resume(partition)
            self._current = stream
            self._next = None
            self._buffer.clear()
        return consumer
