"""Values outside of memory: what comes back, and what the file says to others."""

import errno
import resource
import signal
from pathlib import Path

import pytest

from registry.vault.scratch import Scratch, find_temporary_folder


def test_a_value_comes_back_by_its_key():
    scratch = Scratch()
    scratch.add(b"row 1", b"Ada Jansen")
    assert scratch.find(b"row 1") == b"Ada Jansen"
    assert scratch.find(b"row 2") is None


def test_the_first_value_stays_unless_it_is_replaced():
    scratch = Scratch()
    scratch.add(b"row 1", b"first")
    scratch.add(b"row 1", b"second")
    assert scratch.find(b"row 1") == b"first"
    scratch.replace(b"row 1", b"third")
    assert scratch.find(b"row 1") == b"third"


def test_nothing_is_found_before_the_first_value():
    assert Scratch().find_all([b"row 1"]) == {}


def test_values_and_keys_are_not_readable_in_the_file():
    scratch = Scratch()
    for number in range(5000):
        scratch.add(f"record-{number}".encode(), b"Ada Jansen" * 40)
    written = b"".join(_read_deleted_files())
    assert len(written) > 1_000_000  # more than its cache: the values did leave memory
    assert b"Ada Jansen" not in written
    assert b"record-" not in written
    assert scratch.find(b"record-7") == b"Ada Jansen" * 40


def test_the_file_has_no_name_and_goes_with_the_object():
    scratch = Scratch()
    for number in range(5000):
        scratch.add(f"record-{number}".encode(), bytes(400))
    before = len(_read_deleted_files())
    assert before >= 1
    del scratch
    assert len(_read_deleted_files()) == before - 1


def test_a_full_temporary_folder_is_a_full_disk_and_names_the_folder():
    scratch = Scratch()
    scratch.add(b"row 1", b"Ada Jansen")
    scratch._connection().execute("PRAGMA max_page_count = 10")  # noqa: SLF001 - a full disk, without one
    with pytest.raises(OSError, match=r"temporary folder is full .*SQLITE_TMPDIR names another folder") as raised:
        fill(scratch)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, find_temporary_folder())


def test_the_folder_that_is_named_is_the_one_that_is_used():
    scratch = Scratch()
    fill(scratch)
    links = [each.readlink() for each in Path("/proc/self/fd").iterdir() if _is_scratch(each)]
    assert {str(link.parent) for link in links} == {find_temporary_folder()}


def test_a_limit_on_files_is_named_with_the_folder_too():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="temporary values cannot be kept there") as raised:
            fill(Scratch())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert raised.value.filename == find_temporary_folder()


def fill(scratch):
    for number in range(5000):
        scratch.add(f"record-{number}".encode(), bytes(400))


def _read_deleted_files() -> list[bytes]:
    """Return the content of this process's open files of SQLite that have no name any more."""
    deleted = [each for each in Path("/proc/self/fd").iterdir() if _is_scratch(each)]
    return [each.read_bytes() for each in deleted]


def _is_scratch(file: Path) -> bool:
    try:
        return "etilqs" in str(file.readlink())
    except FileNotFoundError:
        return False  # the descriptor by which this folder is read
