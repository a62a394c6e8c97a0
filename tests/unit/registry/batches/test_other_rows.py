"""The rows of an import that a corrected row is compared with: found by an index, whatever the size of the file."""

import json
import os
import threading
from types import SimpleNamespace

import pytest

from registry.batches.batch_file import BatchFile, BatchFileWriter
from registry.batches.imports import other_rows
from registry.batches.imports.other_rows import KEEP_SECONDS, MAX_COMPARED, MAX_LINE, RowIndex, RowIndexes
from registry.batches.imports.rows import RowCells, read_all_cells
from registry.server.pages.desk.imports import MAX_BYTES

BATCH = SimpleNamespace(batch="b", media="application/x-ndjson")


@pytest.fixture
def store(tmp_path):
    def write(rows, name="a.rows"):
        key = os.urandom(32)
        writer = BatchFileWriter(tmp_path / name, key)
        writer.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        writer.close()
        return BatchFile(tmp_path / name, key, "a.ndjson")

    return write


@pytest.fixture(params=["kept", "read again"])
def kept_bytes(request, monkeypatch):
    if request.param == "read again":
        monkeypatch.setattr(other_rows, "MAX_KEPT_BYTES", 40)


@pytest.mark.usefixtures("kept_bytes")
def test_rows_of_one_record_student_or_old_credential_are_found_in_each_spelling(store):
    content = store(
        [{"record": f"r{number}", "student": f"s{number % 5}", "replaces": f"C{number}"} for number in range(20)]
    )
    index = RowIndex(content, BATCH)
    assert index.find_lines({"record": " r7\u200b", "student": "none"}) == [8]
    assert index.find_lines({"student": "s3"}) == [4, 9, 14, 19]
    assert index.find_lines({"replaces": "c2"}) == [3]
    assert index.find_lines({"record": "s3", "student": "r7", "replaces": ""}) == []
    assert [row.cells["record"] for row in index.read([19, 4])] == ["r3", "r18"]


def test_the_number_of_rows_that_are_compared_has_a_limit(store):
    index = RowIndex(store([{"record": f"r{number}", "student": "all"} for number in range(900)]), BATCH)
    assert index.find_lines({"student": "all"}) == list(range(1, MAX_COMPARED + 1))


def test_a_file_is_read_once_until_rows_of_it_are_removed(store):
    indexes = RowIndexes()
    first = indexes.open(store([{"record": "a"}]), BATCH)
    assert indexes.open(store([{"record": "a"}]), BATCH) is first
    again = indexes.open(store([{"record": "b"}], "a-1.rows"), BATCH)
    assert (again.find_lines({"record": "a"}), again.find_lines({"record": "b"})) == ([], [1])


def test_each_line_of_the_largest_file_is_found_as_it_is(store, monkeypatch):
    lines = (5, 2**24 + 5, MAX_BYTES)
    rows = [RowCells(line, {"record": f"r{line}"}) for line in lines]
    monkeypatch.setattr(other_rows, "read_all_cells", lambda *_: iter(rows))
    index = RowIndex(store([]), BATCH)
    assert [index.find_lines({"record": f"r{line}"}) for line in lines] == [[line] for line in lines]
    assert MAX_LINE >= MAX_BYTES


def test_who_corrects_another_import_does_not_wait_for_a_file_that_is_read(store, monkeypatch):
    began, goes_on = threading.Event(), threading.Event()

    def read_slowly(content, batch):
        if batch.batch == "slow":
            began.set()
            assert goes_on.wait(30)
        return read_all_cells(content, batch)

    monkeypatch.setattr(other_rows, "read_all_cells", read_slowly)
    indexes, slow = RowIndexes(), SimpleNamespace(batch="slow", media=BATCH.media)
    thread = threading.Thread(target=indexes.open, args=(store([{"record": "a"}], "slow.rows"), slow))
    thread.start()
    try:
        assert began.wait(30)
        assert indexes.open(store([{"record": "a"}]), BATCH).find_lines({"record": "a"}) == [1]
    finally:
        goes_on.set()
        thread.join(30)


def test_rows_are_forgotten_when_they_are_dropped_and_10_minutes_after_their_last_use(store):
    now = [0.0]
    indexes, content = RowIndexes(lambda: now[0]), store([{"record": "a"}])
    first = indexes.open(content, BATCH)
    now[0] = KEEP_SECONDS - 1
    indexes.drop_unused()
    assert indexes.open(content, BATCH) is first
    now[0] += KEEP_SECONDS
    indexes.drop_unused()
    second = indexes.open(content, BATCH)
    assert second is not first
    indexes.drop(BATCH.batch)
    assert indexes.open(content, BATCH) is not second
