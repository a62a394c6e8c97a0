"""Values outside of memory: what comes back, and what the file says to others."""

from pathlib import Path

from registry.vault.scratch import Scratch


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


def _read_deleted_files() -> list[bytes]:
    """Return the content of this process's open files of SQLite that have no name any more."""
    deleted = [each for each in Path("/proc/self/fd").iterdir() if _is_scratch(each)]
    return [each.read_bytes() for each in deleted]


def _is_scratch(file: Path) -> bool:
    try:
        return "etilqs" in str(file.readlink())
    except FileNotFoundError:
        return False  # the descriptor by which this folder is read
