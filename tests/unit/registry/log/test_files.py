"""The log in files: torn writes, garbage, a full disk, and what a crash may leave."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import registry.log.files as files_module
from registry.log import (
    BadAddress,
    LogFull,
    LogMoved,
    LogUnavailable,
    NoSuchStream,
    ReadOnlyLog,
    WriterBusy,
    open_log,
)
from registry.log.files import FileLog
from registry.log.framing import MAX_RECORD
from tests.support.commits import CONSORTIUM, commit
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = f"{CONSORTIUM}/twente\n".encode()
FIRST, SECOND, THIRD = commit(1), commit(3, 2), commit(4)
quick = settings(
    max_examples=examples(50, thorough=150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def log(tmp_path: Path) -> FileLog:
    made = FileLog(tmp_path, CONSORTIUM)
    made.create("twente")
    return made


@pytest.fixture
def path(log: FileLog, tmp_path: Path) -> Path:
    assert log.streams() == ["twente"]
    return tmp_path / "twente.log"


def read(log: FileLog) -> list[bytes]:
    return [record.data for record in log.records("twente")]


def append(log: FileLog, *records: bytes) -> list[int]:
    with log.writer("twente"):
        return log.append("twente", records)


# The form


def test_the_file_is_the_commits_parted_by_an_empty_line(log: FileLog, path: Path) -> None:
    append(log, FIRST, SECOND)
    assert path.read_bytes() == FIRST + b"\n" + SECOND + b"\n"


def test_governance_carries_the_consortiums_own_origin(tmp_path: Path) -> None:
    log = FileLog(tmp_path, CONSORTIUM)
    log.create("governance")
    records = [commit(size, stream="governance") for size in (1, 2)]
    with log.writer("governance"):
        log.append("governance", records)
    assert [record.data for record in log.records("governance")] == records


# A torn tail


def test_a_write_torn_at_any_byte_is_unseen_by_readers_and_cut_by_the_next_writer(log: FileLog, path: Path) -> None:
    append(log, FIRST)
    whole = path.read_bytes()
    for length in range(1, len(SECOND) + 1):  # the last one lacks only the empty line
        path.write_bytes(whole + (SECOND + b"\n")[:length])
        assert read(log) == [FIRST], length
        assert log.end("twente") == len(whole)
        assert next(log.read_back("twente")).data == FIRST
        assert log.wait({"twente": len(whole)}, 0) == set()
    append(log, THIRD)
    assert path.read_bytes() == whole + THIRD + b"\n"


def test_a_torn_tail_is_cut_when_the_writer_opens_and_never_by_a_reader(log: FileLog, path: Path) -> None:
    append(log, FIRST)
    torn = path.read_bytes() + SECOND[:40]
    path.write_bytes(torn)
    read(log)
    assert path.read_bytes() == torn
    with log.writer("twente"):
        assert path.read_bytes() == FIRST + b"\n"


def test_a_batch_that_was_torn_keeps_its_whole_records(log: FileLog, path: Path) -> None:
    path.write_bytes(FIRST + b"\n" + SECOND + b"\n" + THIRD[:50])
    append(log, THIRD)
    assert read(log) == [FIRST, SECOND, THIRD]


# Garbage

GARBAGE = [
    b"garbage",
    b"garbage\n",
    b"\n",
    b"\n\n",
    b"\n\n\n\n\n",
    b"",
    b"one\n\ntwo\n\nthree\n\nfour\n",
    ORIGIN,
    ORIGIN + b"2\n",
    ORIGIN + b"2\nroot\n\n",
    ORIGIN + b"2\nroot\n\n\xe2\x80\x94 sig\n",
    b"\n" + ORIGIN,
    b"before\n\n" + ORIGIN + b"1\n\n\n\n\n\nafter",
    SECOND[:-2],
    SECOND[1:],
    b"\x00" * 4096,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_commits_appended_before_and_after_garbage_are_read_back_exactly(log: FileLog, garbage: bytes) -> None:
    with log.writer("twente"):
        for record in (FIRST, garbage, SECOND, garbage, garbage, THIRD):
            log.append("twente", [record])
    found = read(log)
    assert [record for record in found if record in (FIRST, SECOND, THIRD)] == [FIRST, SECOND, THIRD]


def test_garbage_is_handed_out_and_not_passed_over(log: FileLog) -> None:
    append(log, FIRST, b"garbage\n", SECOND)
    assert read(log) == [FIRST, b"garbage\n", SECOND]


def test_garbage_at_the_end_is_seen_without_waiting_for_more(log: FileLog) -> None:
    append(log, FIRST, b"garbage\n")
    assert read(log) == [FIRST, b"garbage\n"]
    append(log, SECOND)  # nor does a writer that opens take it for a torn tail
    assert read(log) == [FIRST, b"garbage\n", SECOND]


def test_any_one_flipped_byte_costs_its_own_commit_and_no_other(log: FileLog, path: Path) -> None:
    append(log, FIRST, SECOND, THIRD)
    whole = path.read_bytes()
    start = len(FIRST) + 1
    for at in range(start, start + len(SECOND) - 1):  # behind that come the LFs that end it, below
        for other in (whole[at] ^ 0x01, 0x0A, 0x00):
            path.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
            found = read(log)
            assert found[0] == FIRST
            assert found[-1] == THIRD


def test_a_flipped_end_of_a_commit_costs_at_most_its_neighbour(log: FileLog, path: Path) -> None:
    append(log, FIRST, SECOND, THIRD, FIRST)
    whole = path.read_bytes()
    for at in (len(FIRST) + len(SECOND) - 1 + 1, len(FIRST) + len(SECOND) + 1):
        path.write_bytes(whole[:at] + b"x" + whole[at + 1 :])
        found = read(log)
        assert found[0] == FIRST
        assert found[-1] == FIRST


pieces = st.sampled_from(
    [b"\n", b"\n\n", ORIGIN, ORIGIN[:-1], b"x", b"1\n", b"\xe2\x80\x94 s\n", b"{}\n", FIRST, SECOND]
)
contents = st.lists(pieces | st.binary(max_size=12), max_size=24).map(b"".join)


@quick
@given(contents)
@example(b"\n" + FIRST + b"\n")
@example(FIRST + b"\n\n" + SECOND + b"\n")
def test_reading_is_total_and_covers_every_byte_once(log: FileLog, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    found = list(log.records("twente"))
    end = log.end("twente")
    assert [record.position for record in found] + [end] == [0] + [record.next for record in found]
    assert all(record.position < record.next for record in found)
    assert b"".join(content[record.position : record.next] for record in found) == content[:end]
    assert list(log.read_back("twente")) == found[::-1]
    assert log.seek("twente", 1) <= end
    for record in found:
        assert log.read("twente", record.position)[0] == record


@quick
@given(contents, st.data())
def test_what_was_read_once_is_read_so_for_ever(log: FileLog, path: Path, content: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:length])
    before = list(log.records("twente"))
    path.write_bytes(content)
    assert list(log.records("twente"))[: len(before)] == before


@quick
@given(contents)
def test_a_commit_is_found_after_whatever_stands_before_it(log: FileLog, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    append(log, SECOND)
    last = list(log.records("twente"))[-1]
    assert last.data == SECOND
    assert next(log.read_back("twente")) == last


@quick
@given(st.lists(st.binary(max_size=40) | st.sampled_from([FIRST, SECOND, ORIGIN]), max_size=8))
def test_one_writers_odd_records_never_swallow_a_commit(log: FileLog, path: Path, records: list[bytes]) -> None:
    path.write_bytes(b"")
    with log.writer("twente"):
        for record in records:
            log.append("twente", [record])
            log.append("twente", [THIRD])
    assert read(log).count(THIRD) == len(records)


def test_endless_garbage_comes_in_pieces_and_the_commit_behind_it_is_found(log: FileLog, path: Path) -> None:
    path.write_bytes(FIRST + b"\n" + b"x" * (2 * MAX_RECORD + 5) + b"\n\n" + SECOND + b"\n")
    found = list(log.records("twente"))
    assert [len(record.data) for record in found] == [len(FIRST), MAX_RECORD, MAX_RECORD, 6, len(SECOND)]
    assert (found[0].data, found[-1].data) == (FIRST, SECOND)
    assert [record.position for record in log.read_back("twente")] == [record.position for record in found][::-1]


# Durability


def test_everything_is_synced_before_append_returns(log: FileLog, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[int, bytes]] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append((os.fstat(file).st_ino, path.read_bytes()))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with log.writer("twente"):
        log.append("twente", [FIRST, SECOND, THIRD])
    assert synced == [(path.stat().st_ino, b"".join(record + b"\n" for record in (FIRST, SECOND, THIRD)))]


def test_a_new_streams_name_is_synced_too(log: FileLog, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode)))
    log.create("delft")
    assert any(synced)


def test_a_failed_sync_is_no_success_and_the_next_append_is_sound(
    log: FileLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    with log.writer("twente"):
        log.append("twente", [FIRST])
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", fails)
            with pytest.raises(LogUnavailable):
                log.append("twente", [SECOND])
        log.append("twente", [THIRD])
    assert read(log) == [FIRST, THIRD]


def test_what_a_failed_append_could_not_take_back_is_cut_before_the_next(
    log: FileLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    with log.writer("twente"):
        log.append("twente", [FIRST])
        with monkeypatch.context() as broken:
            broken.setattr(os, "pwrite", lambda file, data, at: real(file, data[:30], at) if len(data) > 99 else 1 / 0)
            broken.setattr(os, "ftruncate", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
            with pytest.raises(ZeroDivisionError):
                log.append("twente", [SECOND])
        log.append("twente", [THIRD])
    assert read(log) == [FIRST, THIRD]


@contextlib.contextmanager
def _room(size: int) -> Iterator[None]:
    """No file may grow beyond a number of bytes: like a full disk, a write comes back short, and the next fails."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_limit_that_is_reached_is_log_full_and_leaves_the_stream_as_it_was(log: FileLog, path: Path) -> None:
    with log.writer("twente"):
        log.append("twente", [FIRST])
        whole = path.read_bytes()
        with _room(len(whole) + 50), pytest.raises(LogFull, match="make room"):
            log.append("twente", [SECOND, THIRD])
        assert path.read_bytes() == whole
        log.append("twente", [SECOND])
    assert read(log) == [FIRST, SECOND]


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a small disk: needs root")
def test_a_disk_that_is_full_is_log_full_and_works_again_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        log = FileLog(disk / "log", CONSORTIUM)
        log.create("twente")
        with log.writer("twente"):
            log.append("twente", [FIRST])
            (disk / "other").write_bytes(b"x" * 200_000)
            with pytest.raises(LogFull):
                log.append("twente", [commit(101, 100, width=900), SECOND])
            assert read(log) == [FIRST]
            (disk / "other").unlink()
            log.append("twente", [SECOND])
        assert read(log) == [FIRST, SECOND]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Writers and readers


def test_a_busy_writer_is_named_by_its_process(log: FileLog, tmp_path: Path) -> None:
    code = (
        "import sys; from registry.log.files import FileLog\n"
        f"log = FileLog({str(tmp_path)!r}, {CONSORTIUM!r})\n"
        "with log.writer('twente'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(WriterBusy, match=f"process {other.pid} "), log.writer("twente"):
            pytest.fail("two writers")
        other.kill()
    append(log, FIRST)  # a killed writer holds nothing
    assert read(log) == [FIRST]


def test_an_auditors_copy_is_read_where_nothing_may_be_written(log: FileLog, tmp_path: Path) -> None:
    append(log, FIRST, SECOND)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "twente.log", copy)
    (copy / "twente.log").chmod(0o444)
    copy.chmod(0o555)
    reader = open_log(f"file:{copy}", CONSORTIUM, read_only=True)
    assert [record.data for record in reader.records("twente")] == [FIRST, SECOND]
    assert reader.streams() == ["twente"]
    assert list(copy.iterdir()) == [copy / "twente.log"]
    with pytest.raises(ReadOnlyLog):
        reader.create("delft")
    copy.chmod(0o755)


def test_a_folder_that_is_not_there_is_no_empty_log(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="misspelt"):
        open_log(f"file:{tmp_path}/misspelt", CONSORTIUM, read_only=True)
    (tmp_path / "file").write_text("")
    for use in (lambda log: log.create("twente"), lambda log: log.read("twente")):
        with pytest.raises(LogUnavailable):
            use(open_log(f"file:{tmp_path}/file/log", CONSORTIUM))


@pytest.mark.parametrize("url", ["", "kafka:", "kafka://", "http://example", "file:"])
def test_an_address_of_another_form_is_refused_with_those_that_there_are(url: str) -> None:
    with pytest.raises(BadAddress, match=r"file:PATH, kafka://HOST:PORT.* or archive:PATH"):
        open_log(url, CONSORTIUM)


def test_what_else_lies_in_the_folder_is_no_stream(log: FileLog, tmp_path: Path) -> None:
    (tmp_path / "Notes.log").write_text("")
    append(log, FIRST)  # leaves a lock file
    assert log.streams() == ["twente"]


def test_waiting_for_many_streams_leaves_the_processor_to_others(tmp_path: Path) -> None:
    log = FileLog(tmp_path, CONSORTIUM)
    for number in range(200):
        (tmp_path / f"member-{number}.log").touch()
    positions = dict.fromkeys(log.streams(), 0)
    before = sum(os.times()[:2])
    log.wait(positions, 1)
    assert sum(os.times()[:2]) - before < 0.25


def test_small_steps_back_give_the_same_records(log: FileLog, monkeypatch: pytest.MonkeyPatch) -> None:
    append(
        log, *(commit(size) for size in range(1, 30)), b"garbage\n\n\nmore", *(commit(size) for size in range(30, 60))
    )
    forward = list(log.records("twente"))
    monkeypatch.setattr(files_module, "_BACK_BYTES", 64)
    assert list(log.read_back("twente")) == forward[::-1]


# A file that changed behind its writer


@pytest.mark.parametrize("change", ["tail cut", "emptied", "rotated", "older copy", "another file of the same length"])
def test_a_file_that_changed_behind_its_writer_is_not_appended_to(log: FileLog, path: Path, change: str) -> None:
    with log.writer("twente"):
        log.append("twente", [FIRST, SECOND])
        whole = path.read_bytes()
        if change == "tail cut":
            os.truncate(path, len(FIRST) + 1)
        elif change == "emptied":
            os.truncate(path, 0)
        elif change == "rotated":
            path.rename(path.with_suffix(".log.1"))
            path.write_bytes(b"")
        elif change == "older copy":
            path.unlink()
            path.write_bytes(whole[: len(FIRST) + 1])
        else:
            path.write_bytes(whole[:-3] + b"x" + whole[-2:])
        before = path.read_bytes()
        with pytest.raises(LogMoved, match="twente"):
            log.append("twente", [THIRD])
        assert path.read_bytes() == before
        end = log.end("twente")
        assert log.append("twente", [THIRD], after=end) == [end]


def test_an_append_of_nothing_forgets_nothing_of_what_stands_at_the_end(log: FileLog, path: Path) -> None:
    with log.writer("twente"):
        log.append("twente", [FIRST, SECOND])
        assert log.append("twente", []) == []
        path.write_bytes(path.read_bytes()[:-3] + b"x" + path.read_bytes()[-2:])
        with pytest.raises(LogMoved, match="replaced"):
            log.append("twente", [THIRD])


def test_a_file_that_was_renamed_away_is_not_made_again_by_an_append(log: FileLog, path: Path) -> None:
    with log.writer("twente"):
        log.append("twente", [FIRST])
        path.rename(path.with_suffix(".log.1"))
        with pytest.raises(NoSuchStream):
            log.append("twente", [SECOND])
    assert not path.exists()
