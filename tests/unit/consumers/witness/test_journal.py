"""A witness's journal keeps the newest head of each origin, and never two that contradict each other."""

import pytest

from consumers.witness import journal
from consumers.witness.journal import Journal, Seen, TwoHeads

TWENTE, LUND = Seen("test.example/twente", 4, "root of 4"), Seen("test.example/lund", 2, "root of 2")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "journal"


def test_the_last_head_of_an_origin_is_read_again_without_a_torn_line(file):
    written = Journal(file)
    written.write([])
    assert not file.exists()
    written.write([TWENTE, LUND])
    written.write([Seen(TWENTE.origin, 5, "root of 5")])
    file.write_bytes(file.read_bytes() + b'{"origin":"test.exam')
    assert Journal(file).seen == {TWENTE.origin: Seen(TWENTE.origin, 5, "root of 5"), LUND.origin: LUND}


@pytest.mark.parametrize(("size", "root"), [(3, "root of 3"), (4, "another root")], ids=["smaller", "another"])
def test_a_head_that_contradicts_one_before_is_refused_and_not_written(file, size, root):
    written = Journal(file)
    written.write([TWENTE])
    with pytest.raises(TwoHeads, match=rf"test\.example/twente: 4 leaves were cosigned, and now {size}"):
        written.write([LUND, Seen(TWENTE.origin, size, root)])
    assert Journal(file).seen == {TWENTE.origin: TWENTE}


def test_the_same_head_may_come_again(file):
    for _ in range(2):
        Journal(file).write([TWENTE])
    assert Journal(file).seen == {TWENTE.origin: TWENTE}


def test_a_long_journal_is_written_again_with_the_newest_heads_alone(file, monkeypatch):
    monkeypatch.setattr(journal, "_MAX_OLD_LINES", 3)
    written = Journal(file)
    written.write([LUND])
    for size in range(1, 6):
        written.write([Seen(TWENTE.origin, size, f"root of {size}")])
    assert len(file.read_bytes().splitlines()) < 5
    assert Journal(file).seen == {LUND.origin: LUND, TWENTE.origin: Seen(TWENTE.origin, 5, "root of 5")}
