"""The heads that an audit keeps of a stream: the newest, some of every stretch before them, and never too many."""

from itertools import pairwise

import pytest

from consumers.audit.audit_state import Heads
from registry.wire.checkpoint import Checkpoint, SignedNote

NEWEST = 64
MOST = 3 * NEWEST


def heads_of(*sizes):
    heads = Heads()
    for size in sizes:
        heads.add(size, SignedNote(Checkpoint("test.example/twente", size, bytes(32)), f"{size}\n", ()), "")
    return heads


def sizes(heads):
    return [head.size for head in heads.all()]


def test_a_short_stream_keeps_every_head():
    assert sizes(heads_of(1, 2, 5)) == [1, 2, 5]
    assert sizes(heads_of()) == []


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_a_long_stream_keeps_few_heads_over_its_whole_length_and_the_newest(length):
    kept = sizes(heads_of(*range(1, length + 1)))
    assert len(kept) <= MOST
    assert kept[-NEWEST:] == list(range(length - NEWEST + 1, length + 1))
    assert kept[0] == 1
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) <= length / NEWEST


def test_the_first_kept_head_at_or_after_a_size_is_found():
    heads = heads_of(10, 20)
    assert [heads.around(size) for size in (1, 10, 11, 21)] == ["10\n\n", "10\n\n", "20\n\n", None]
