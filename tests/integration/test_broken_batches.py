"""A spreadsheet that cannot be read ends its own batch, and the worker goes on with the next."""

import pytest

from registry.batches.batch import XLSX
from registry.intake.rows.spreadsheet import is_spreadsheet
from tests.support.sis import BatchSender
from tests.support.spreadsheets import sheet_xml, with_flags, xlsx

HEADER = ["record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date"]


@pytest.fixture
def sis(dsn, tmp_path):
    sender = BatchSender(dsn, tmp_path / "spool")
    yield sender
    sender.node.close()


@pytest.fixture
def rows(sis):
    return [HEADER, ["r1", sis.node.offer(), "s1", "Jansen", "Ada", "2001-02-03", "2026-06-30"]]


def sent(sis, content, name, release_above=0):
    begun = sis.batch_store.begin(name, "credentials", XLSX, "sis", name, dry_run=False)
    begun.file.write(content)
    return sis.batch_store.complete(begun.batch, begun.file, None, release_above).batch


def in_encoding(rows, encoding):
    return xlsx({"June": f'<?xml version="1.0" encoding="{encoding}"?>{sheet_xml(rows)}'})


def packed_with(rows, bits):
    return with_flags(xlsx({"June": rows}), "xl/worksheets/sheet1.xml", bits)


@pytest.mark.parametrize(("craft", "how"), [(in_encoding, "foo"), (packed_with, 0x20), (packed_with, 0x40)])
def test_a_crafted_spreadsheet_fails_alone_and_the_next_batch_is_issued(sis, rows, craft, how):
    crafted = sent(sis, craft(rows, how), "crafted")
    good = sent(sis, xlsx({"June": rows}), "good")
    assert sis.works(good) == ("done", 1, 0, 0)
    failed = sis.batch_store.get(crafted)
    assert (failed.state, "not a spreadsheet that can be read" in failed.error) == ("failed", True)
    assert not sis.worker.step()


def test_a_crafted_spreadsheet_waits_for_a_second_person_where_long_batches_do(sis, rows):
    crafted = sent(sis, in_encoding(rows, "foo"), "crafted", release_above=5)
    good = sent(sis, xlsx({"June": rows}), "good", release_above=5)
    assert sis.works(good) == ("done", 1, 0, 0)
    assert sis.batch_store.get(crafted).state == "awaitingRelease"


@pytest.mark.parametrize("fault", [NotImplementedError, LookupError, EOFError, AssertionError])
def test_a_fault_while_lines_are_counted_fails_that_batch_and_is_said(sis, rows, monkeypatch, fault):
    def recognise(content):
        if str(content) == "first":
            raise fault
        return is_spreadsheet(content)

    monkeypatch.setattr("registry.batches.line_count.is_spreadsheet", recognise)
    first = sent(sis, xlsx({"June": rows}), "first", release_above=5)
    second = sent(sis, xlsx({"June": rows}), "second", release_above=5)
    assert sis.works(second) == ("done", 1, 0, 0)
    failed = sis.batch_store.get(first)
    assert (failed.state, failed.issued) == ("failed", 0)
    assert failed.error == f"internal error ({fault.__name__}); see the node's log"


def test_a_batch_that_is_deleted_before_its_lines_are_counted_keeps_no_other_back(sis, rows, monkeypatch):
    def find():
        batch = real()
        if batch == gone:
            sis.registry.cursor().execute("DELETE FROM intake.batches WHERE batch = %s", (batch,))
        return batch

    real = sis.batch_store.queue.find_uncounted
    gone = sent(sis, xlsx({"June": rows}), "gone")
    good = sent(sis, xlsx({"June": rows}), "good")
    monkeypatch.setattr(sis.batch_store.queue, "find_uncounted", find)
    assert sis.works(good) == ("done", 1, 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        b'{"record": "andr\xe9", "reason": "\xe9"}',
        b"record,andr\xe9\n\xe9,1\n",
        b"\xff\xfe\xff",
        b"\x81\x8d\n\xe9",
        b"[\xed\xa0\x80]",
    ],
)
@pytest.mark.parametrize("media", ["text/csv", "application/x-ndjson", "application/xml", "application/json"])
def test_bytes_that_are_no_text_fail_their_own_batch_alone(sis, rows, content, media):
    begun = sis.batch_store.begin("bytes", "credentials", media, "sis", "bytes", dry_run=False)
    begun.file.write(content)
    broken = sis.batch_store.complete(begun.batch, begun.file, None, 0).batch
    good = sent(sis, xlsx({"June": rows}), "good")
    assert sis.works(good) == ("done", 1, 0, 0)
    ended = sis.batch_store.get(broken)
    assert ended.state in ("failed", "done")
    assert ended.error or ended.refused
