"""What every shared log owes to those who write it: one suite, every adapter, the real Kafka included.

`test_reading_log.py` is the half for readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from registry.log import (
    LogError,
    LogMoved,
    NoSuchStream,
    ReadOnlyLog,
    RecordTooLarge,
    WriterBusy,
    open_log,
)
from registry.log.files import FileLog
from tests.support.commits import CONSORTIUM, commit
from tests.support.memory_log import MemoryLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from registry.log import SharedLog

    Opener = Callable[..., SharedLog]


@pytest.fixture(params=["memory", "file", pytest.param("kafka", marks=pytest.mark.kafka)])
def opener(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Opener]:
    """Opens the same log again and again, each time as another process would."""
    opened: list[SharedLog] = []
    if request.param == "memory":
        memory = MemoryLog()

        def make(**_: object) -> SharedLog:
            return memory
    else:
        url = request.getfixturevalue("kafka_broker").url if request.param == "kafka" else f"file:{tmp_path}/log"

        def make(**settings: bool) -> SharedLog:
            opened.append(open_log(url, CONSORTIUM, **settings))
            return opened[-1]

    make.kind = request.param  # type: ignore[attr-defined]
    yield make
    for log in opened:
        log.close()


@pytest.fixture
def log(opener: Opener) -> SharedLog:
    return opener()


@pytest.fixture
def stream(log: SharedLog) -> str:
    name = f"m-{uuid4().hex[:12]}"  # topics outlive a test
    log.create(name)
    return name


def fill(log: SharedLog, stream: str, sizes: range) -> list[bytes]:
    records = [commit(size, stream=stream) for size in sizes]
    with log.writer(stream):
        log.append(stream, records)
    return records


def test_append_gives_the_positions_at_which_the_records_are_read(log: SharedLog, stream: str) -> None:
    with log.writer(stream):
        positions = log.append(stream, [commit(1, stream=stream), commit(2, stream=stream)])
        positions += log.append(stream, [commit(3, stream=stream)])
    assert positions == sorted(set(positions))
    assert [record.position for record in log.records(stream)] == positions


def test_a_stream_from_which_nothing_was_deleted_begins_at_0(log: SharedLog, stream: str) -> None:
    fill(log, stream, range(3))
    assert log.beginnings([stream, "nobody-made-this"]) == {stream: 0}
    assert log.beginnings([]) == {}


def test_an_append_of_nothing_appends_nothing(log: SharedLog, stream: str) -> None:
    with log.writer(stream):
        assert log.append(stream, []) == []
    assert log.read(stream) == []


def test_the_largest_commit_passes(log: SharedLog, stream: str) -> None:
    record = commit(12, 12, width=65_500, stream=stream)
    assert len(record) > 767 * 1024
    with log.writer(stream):
        log.append(stream, [record, commit(13, stream=stream)])
    assert [found.data for found in log.records(stream)] == [record, commit(13, stream=stream)]


def test_making_a_stream_again_keeps_what_it_holds(log: SharedLog, stream: str) -> None:
    records = fill(log, stream, range(1, 4))
    log.create(stream)
    assert [record.data for record in log.records(stream)] == records
    assert stream in log.streams()
    assert log.streams() == sorted(log.streams())


def test_a_size_that_is_no_number_does_not_stop_a_search(log: SharedLog, stream: str) -> None:
    first, _, rest = commit(1, 1000, width=2000 // 3, stream=stream).partition(b"\n1\n")
    with log.writer(stream):
        log.append(stream, [first + b"\n" + b"9" * 5000 + b"\n" + rest] * 4)
    assert log.seek(stream, 7) <= log.end(stream)


def test_a_second_writer_is_refused_until_the_first_is_done(log: SharedLog, stream: str) -> None:
    with log.writer(stream):
        with pytest.raises(WriterBusy), log.writer(stream):
            pytest.fail("two writers at once")
        log.append(stream, [commit(1, stream=stream)])
    with log.writer(stream):
        log.append(stream, [commit(2, stream=stream)])
    assert len(list(log.records(stream))) == 2


def test_a_stream_that_nobody_made_has_no_writer(opener: Opener, log: SharedLog, stream: str) -> None:
    if opener.kind == "memory":  # type: ignore[attr-defined]
        pytest.skip("tests may do anything to it")
    with pytest.raises(NoSuchStream, match=f"{stream}-none"), log.writer(f"{stream}-none"):
        pytest.fail("nobody can write it")


def test_readers_need_no_writer_and_writers_keep_nobody_from_reading(
    log: SharedLog, opener: Opener, stream: str
) -> None:
    with log.writer(stream):
        log.append(stream, [commit(1, stream=stream)])
        assert [record.data for record in opener(read_only=True).records(stream)] == [commit(1, stream=stream)]


def test_what_must_not_be_written_is_refused_with_nothing_written(opener: Opener, log: SharedLog, stream: str) -> None:
    if opener.kind == "memory":  # type: ignore[attr-defined]
        pytest.skip("tests may do anything to it")
    reader = opener(read_only=True)
    for use in (lambda: reader.create(stream), lambda: reader.append(stream, [commit(1, stream=stream)])):
        with pytest.raises(ReadOnlyLog):
            use()
    with pytest.raises(LogError, match="outside"):
        log.append(stream, [commit(1, stream=stream)])
    with log.writer(stream), pytest.raises(RecordTooLarge, match="fewer events"):
        log.append(stream, [commit(1, stream=stream), b"x" * 1_000_001])
    for name in ("../elsewhere", "Twente", "a", "a/b", ""):
        with pytest.raises(NoSuchStream):
            log.create(name)
    assert log.read(stream) == []


def test_an_append_after_another_place_than_the_end_is_refused_and_changes_nothing(log: SharedLog, stream: str) -> None:
    with log.writer(stream):
        log.append(stream, [commit(1, stream=stream), commit(2, stream=stream)], after=0)
        first, second = log.records(stream)
        for wrong in (0, second.position, second.next + 1):
            with pytest.raises(LogMoved):
                log.append(stream, [commit(3, stream=stream)], after=wrong)
        assert log.append(stream, [commit(3, stream=stream)], after=second.next) == [second.next]
    assert [record.data for record in log.records(stream)] == [commit(size, stream=stream) for size in (1, 2, 3)]
    assert first.position == 0


def test_a_stream_that_grew_behind_its_writer_is_not_appended_to(
    opener: Opener, log: SharedLog, stream: str, tmp_path: Path
) -> None:
    """A second process that appends without the lock, as a broken script or a doubled publisher does."""
    other = opener()
    with log.writer(stream):
        log.append(stream, [commit(1, stream=stream)])
        append_without_lock(other, tmp_path / "log", stream, commit(2, stream=stream))
        with pytest.raises(LogMoved):
            log.append(stream, [commit(3, stream=stream)])
        assert [record.data for record in log.records(stream)] == [commit(1, stream=stream), commit(2, stream=stream)]
        log.append(stream, [commit(3, stream=stream)], after=log.end(stream))
    assert len(list(log.records(stream))) == 3


def append_without_lock(log: SharedLog, folder: Path, stream: str, record: bytes) -> None:
    if isinstance(log, FileLog):
        with (folder / f"{stream}.log").open("ab") as file:
            file.write(record + b"\n")
    elif isinstance(log, MemoryLog):
        log.put(stream, record)
    else:
        with log.writer(stream):
            log.append(stream, [record])


def test_looking_at_a_log_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "log"
    log = open_log(f"file:{folder}", CONSORTIUM)
    assert log.streams() == []
    for use in (log.read, log.end, lambda name: list(log.read_back(name)), lambda name: log.seek(name, 1)):
        with pytest.raises(NoSuchStream, match="mounted"):
            use("twente")
    with pytest.raises(NoSuchStream), log.writer("twente"):
        pytest.fail("there is nothing to write")
    assert log.wait({"twente": 0}, 0.01) == set()
    assert not folder.parent.exists()
    log.create("twente")
    assert log.streams() == ["twente"]
