"""A journal that was changed afterwards is found out."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from registry.accounts.journal import JournalEntry, chain, check_chain

BEGIN = datetime(2026, 4, 30, 9, 14, tzinfo=UTC)


@pytest.fixture
def rows():
    made, before = [], bytes(32)
    for number in range(1, 6):
        entry = JournalEntry(number, BEGIN + timedelta(minutes=number), "person:a", "case.decide", f"case-{number}")
        before = chain(before, entry)
        made.append((entry, before))
    return made


def test_a_journal_as_it_was_written_is_whole(rows):
    assert check_chain(iter(rows)) == (5, rows[-1][1].hex(), None)


def test_an_empty_journal_is_whole():
    assert check_chain(iter([])) == (0, bytes(32).hex(), None)


@pytest.mark.parametrize("change", [{"actor": "person:b"}, {"act": "case.read"}, {"subject": "x"}, {"at": BEGIN}])
def test_a_changed_row_is_named(rows, change):
    rows[2] = msgspec.structs.replace(rows[2][0], **change), rows[2][1]
    assert check_chain(iter(rows)).fault == 3


def test_a_changed_row_with_a_new_hash_breaks_the_next_one(rows):
    changed = msgspec.structs.replace(rows[2][0], actor="person:b")
    rows[2] = changed, chain(rows[1][1], changed)
    assert check_chain(iter(rows)).fault == 4


def test_a_removed_row_is_named(rows):
    del rows[1]
    assert check_chain(iter(rows)).fault == 2


def test_the_database_s_time_zone_changes_no_hash(rows):
    entry = rows[0][0]
    elsewhere = msgspec.structs.replace(entry, at=entry.at.astimezone(timezone(timedelta(hours=2))))
    assert chain(bytes(32), elsewhere) == rows[0][1]
