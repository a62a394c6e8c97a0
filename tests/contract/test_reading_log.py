"""What every shared log owes to those who read it: one suite, every adapter, archive and Kafka included."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest

from registry.log import LogError, NoSuchStream, ReadOnlyLog, SharedLog, TailLost, open_log
from tests.support.archives import add_segment
from tests.support.commits import CONSORTIUM, commit
from tests.support.memory_log import MemoryLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class Adapter(NamedTuple):
    """One kind of log: how records get onto it, and how it is opened for reading, each time as by another process."""

    kind: str
    store: Callable[[str, Sequence[bytes]], None]
    """Add records to a stream, which is made if it does not exist."""
    open: Callable[[], SharedLog]


@pytest.fixture(params=["memory", "file", "archive", pytest.param("kafka", marks=pytest.mark.kafka)])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Adapter]:
    kind: str = request.param
    memory = MemoryLog()
    opened: list[SharedLog] = []
    if kind == "archive":
        add_segment(tmp_path, "governance", [])
    url = {
        "file": f"file:{tmp_path}/log",
        "archive": f"archive:{tmp_path}",
        "kafka": request.getfixturevalue("kafka_broker").url if kind == "kafka" else "",
    }

    def open_one(*, read_only: bool = True) -> SharedLog:
        if kind == "memory":
            return memory
        opened.append(open_log(url[kind], CONSORTIUM, read_only=read_only))
        return opened[-1]

    def store(stream: str, records: Sequence[bytes]) -> None:
        if kind == "archive":
            add_segment(tmp_path, stream, records)
            return
        log = open_one(read_only=False)
        log.create(stream)
        with log.writer(stream):
            log.append(stream, records)

    yield Adapter(kind, store, open_one)
    for log in opened:
        log.close()


@pytest.fixture
def stream() -> str:
    return f"m-{uuid4().hex[:12]}"  # topics outlive a test


def records_of(stream: str, sizes: range) -> list[bytes]:
    return [commit(size, stream=stream) for size in sizes]


def store(adapter: Adapter, stream: str, sizes: range) -> list[bytes]:
    """Store one record for each size, in two steps, so that an archive has two segments."""
    records = records_of(stream, sizes)
    for part in (records[: len(records) // 2], records[len(records) // 2 :]):
        if part:
            adapter.store(stream, part)
    return records


def test_records_are_read_back_byte_for_byte_in_order(adapter: Adapter, stream: str) -> None:
    records = store(adapter, stream, range(1, 41))
    log = adapter.open()
    found = list(log.records(stream))
    assert [record.data for record in found] == records
    assert found[0].position == 0
    assert [record.position for record in found[1:]] == [record.next for record in found[:-1]]
    assert log.end(stream) == found[-1].next
    assert log.torn_bytes(stream) == 0


def test_reading_goes_on_from_any_position(adapter: Adapter, stream: str) -> None:
    store(adapter, stream, range(1, 11))
    log = adapter.open()
    found = list(log.records(stream))
    for record in reversed(found):
        assert log.read(stream, record.position, 1)[0] == record
    assert list(log.records(stream, found[4].next)) == found[5:]


def test_a_read_keeps_to_its_bytes_and_gives_at_least_one_record(adapter: Adapter, stream: str) -> None:
    records = store(adapter, stream, range(1, 2001))
    log = adapter.open()
    assert sum(len(record.data) for record in log.read(stream, 0, 100_000)) <= 100_000
    position, found = 0, []
    while some := log.read(stream, position, 10_000):
        found += some
        position = some[-1].next
    assert [record.data for record in found] == records


def test_an_empty_stream_and_its_end_have_nothing_to_read(adapter: Adapter, stream: str) -> None:
    adapter.store(stream, [])
    log = adapter.open()
    assert log.read(stream) == []
    assert list(log.read_back(stream)) == []
    store(adapter, stream, range(1, 3))
    log = adapter.open()
    assert log.read(stream, log.end(stream)) == []


def test_the_newest_record_is_had_first_and_then_all_before_it(adapter: Adapter, stream: str) -> None:
    records = store(adapter, stream, range(1, 201))
    back = adapter.open().read_back(stream)
    assert next(back).data == records[-1]
    assert [record.data for record in back] == records[-2::-1]


def test_two_readers_do_not_disturb_each_other(adapter: Adapter, stream: str) -> None:
    records = store(adapter, stream, range(1, 101))
    first, second = adapter.open().records(stream), adapter.open().records(stream)
    pairs = [(next(first).data, next(second).data) for _ in range(100)]
    assert pairs == [(record, record) for record in records]


def test_streams_are_kept_apart_however_reads_alternate(adapter: Adapter, stream: str) -> None:
    other = f"{stream}-b"
    mine, theirs = store(adapter, stream, range(1, 51)), store(adapter, other, range(1, 51))
    log = adapter.open()
    assert {stream, other} <= set(log.streams())
    assert log.streams() == sorted(log.streams())
    found: dict[str, list[bytes]] = {stream: [], other: []}
    positions = {stream: 0, other: 0}
    while sum(map(len, found.values())) < 100:
        for name, got in found.items():
            for record in log.read(name, positions[name], 900):
                got.append(record.data)
                positions[name] = record.next
    assert found == {stream: mine, other: theirs}


def test_a_stream_that_nobody_made_is_named_at_once(adapter: Adapter, stream: str) -> None:
    store(adapter, stream, range(1, 3))
    log = adapter.open()
    began = time.monotonic()
    for use in (log.read, log.end, lambda name: list(log.read_back(name)), lambda name: log.seek(name, 1)):
        with pytest.raises(NoSuchStream, match=f"{stream}-none"):
            use(f"{stream}-none")
    assert time.monotonic() - began < 5


def test_seeking_a_leaf_never_goes_past_its_record(adapter: Adapter, stream: str) -> None:
    # wide enough for the bisection over a file to begin, and for an archive to have several frames
    records = [commit(size, 10, width=900, stream=stream) for size in range(10, 5001, 10)]
    adapter.store(stream, records[:300])
    adapter.store(stream, records[300:])
    log = adapter.open()
    at = {record.data: record.position for record in log.records(stream)}
    for leaf in (0, 9, 10, 11, 2500, 2507, 2999, 3000, 3001, 4999):
        assert log.seek(stream, leaf) <= at[records[leaf // 10]]
    assert log.seek(stream, 5000) <= log.end(stream)
    if adapter.kind != "memory":  # a list has nothing to save
        assert log.seek(stream, 4990) > log.end(stream) / 2


def test_a_wait_ends_as_soon_as_there_is_more(adapter: Adapter, stream: str) -> None:
    store(adapter, stream, range(1, 2))
    reader = adapter.open()
    position = reader.end(stream)
    assert reader.wait({stream: position}, 0.05) == set()
    woken: queue.SimpleQueue[tuple[set[str], bytes, float]] = queue.SimpleQueue()
    sizes = range(2, 7)  # more than one: the reader is back in its wait before the next record is stored

    def follow() -> None:
        at = position
        for _ in sizes:
            grown = reader.wait({stream: at}, 20)
            now = time.monotonic()
            [record] = reader.read(stream, at)
            at = record.next
            woken.put((grown, record.data, now))

    thread = threading.Thread(target=follow)
    thread.start()
    for size in sizes:
        adapter.store(stream, records_of(stream, range(size, size + 1)))
        stored = time.monotonic()
        grown, record, at = woken.get(timeout=20)
        assert grown == {stream}
        assert record == commit(size, stream=stream)
        assert at - stored < 1
    thread.join(20)
    assert not thread.is_alive()


def test_a_wait_returns_at_once_for_what_is_there_already(adapter: Adapter, stream: str) -> None:
    store(adapter, stream, range(1, 11))
    log = adapter.open()
    positions = [record.position for record in log.records(stream)]
    log.wait({stream: log.end(stream)}, 0.05)  # a second waiter is notified as well
    for position in (positions[-1], positions[3], 0):
        began = time.monotonic()
        assert log.wait({stream: position}, 20) == {stream}
        assert time.monotonic() - began < 5


def test_a_wait_for_nothing_takes_its_time_and_gives_nothing(adapter: Adapter, stream: str) -> None:
    adapter.store(stream, [])
    began = time.monotonic()
    assert adapter.open().wait({stream: 0, f"{stream}-none": 0}, 0.3) == set()
    assert 0.25 < time.monotonic() - began < 5


def test_reading_from_beyond_the_end_is_an_error_and_not_nothing(adapter: Adapter, stream: str) -> None:
    store(adapter, stream, range(1, 4))
    log = adapter.open()
    end = log.end(stream)
    assert log.read(stream, end) == []
    for beyond in (end + 1, end + 5000):
        with pytest.raises(TailLost, match=stream):
            log.read(stream, beyond)


def test_a_log_that_was_opened_for_reading_refuses_to_be_written(adapter: Adapter, stream: str) -> None:
    if adapter.kind == "memory":
        pytest.skip("tests may do anything to it")
    records = store(adapter, stream, range(1, 3))
    log = adapter.open()
    with pytest.raises(ReadOnlyLog):
        log.create(f"{stream}-b")
    with pytest.raises(ReadOnlyLog), log.writer(stream):
        pytest.fail("nobody can write it")
    with pytest.raises(LogError):
        log.append(stream, records_of(stream, range(3, 4)))
    assert [record.data for record in adapter.open().records(stream)] == records
