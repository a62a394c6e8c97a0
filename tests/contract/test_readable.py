"""What every content of rows owes to those who read it: a file, and a batch's encrypted one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from registry.batches import BatchFile, BatchFileWriter
from registry.intake.rows.plain_rows import form_of
from registry.intake.rows.spreadsheet import is_spreadsheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from registry.intake.rows.report import Readable

    Store = Callable[[bytes], Readable]


@pytest.fixture(params=["path", "batch"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Stores bytes, and returns what reads them."""

    def store_path(content: bytes) -> Readable:
        path = tmp_path / "content"
        path.write_bytes(content)
        return path

    def store_batch(content: bytes) -> Readable:
        key, path = os.urandom(32), tmp_path / "batches" / "content"
        writer = BatchFileWriter(path, key)
        for at in range(0, len(content), 7000):
            writer.write(content[at : at + 7000])
        writer.close()
        return BatchFile(path, key, "content")

    return store_path if request.param == "path" else store_batch


CONTENTS = [b"", b"record,grade\n1,8\n", b"\xef\xbb\xbfrecord\n1\n", os.urandom(300_000)]


@pytest.mark.parametrize("content", CONTENTS, ids=["empty", "lines", "byte order mark", "long"])
def test_it_is_opened_at_its_beginning_as_often_as_needed(store: Store, content: bytes) -> None:
    readable = store(content)
    with readable.open("rb") as first, readable.open("rb") as second:
        assert first.read(5) == content[:5]
        assert second.read() == content
        assert first.read() == content[5:]
        assert first.read() == b""
    with readable.open("rb") as again:
        assert b"".join(again) == content


def test_lines_are_read_one_by_one(store: Store) -> None:
    lines = [b"%d,Ada,8\n" % number for number in range(20_000)]
    with store(b"".join(lines)).open("rb") as file:
        assert file.readline() == lines[0]
        assert list(file) == lines[1:]


def test_its_kind_is_found_out_without_reading_on_from_there(store: Store) -> None:
    readable = store(b"record;grade\n1;8\n")
    assert not is_spreadsheet(readable)
    form = form_of(readable)
    with readable.open("rb") as file:
        assert file.read(6) == b"record"
    assert form == form_of(readable)
