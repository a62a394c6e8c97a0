"""Entries and heads read from a stream: only accepted commits count, whatever else is on the log."""

import pytest

from consumers.governance.governance import GovernanceFold
from consumers.proofs.entries import StreamEntries
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.tiles import Tiles, follow
from consumers.streams.verifier import MemberTrust, RootTrust
from registry.log import GOVERNANCE
from registry.wire.merkle import leaf_hash
from tests.support.streams import CONSORTIUM, Consortium, University


@pytest.fixture
def consortium():
    made = Consortium("twente")
    twente = made.universities["twente"]
    for count in (2, 3, 1):
        twente.seal(*(twente.line("x.example.v1", f"n{number}", {}) for number in range(count)))
    return made


def entries_of(consortium, folder, stream="twente"):
    log, fold = consortium.log(), GovernanceFold(CONSORTIUM, consortium.founded)
    fold.read(log)
    tiles = Tiles(folder)
    follow(tiles, log, stream, fold)
    trust = RootTrust(fold.state) if stream == GOVERNANCE else MemberTrust(CONSORTIUM, fold.state.members[stream])
    return StreamEntries(log, stream, tiles, trust)


def test_an_entry_is_found_in_the_commit_that_brought_it(consortium, tmp_path):
    entries = entries_of(consortium, tmp_path)
    assert [entries.commit_of(leaf).checkpoint.size for leaf in range(6)] == [2, 2, 5, 5, 5, 6]
    commit = entries.commit_of(3)
    assert entries.tiles.leaf(3) == leaf_hash(commit.lines[3 - commit.base])
    assert entries.keys_of(commit) == [consortium.universities["twente"].signers[0].vkey]


def test_a_head_has_the_size_that_it_is_asked_for(consortium, tmp_path):
    entries = entries_of(consortium, tmp_path)
    assert entries.head_at(5).checkpoint.size == 5
    with pytest.raises(NoReceipt, match="have 2 and 5"):
        entries.head_at(4)
    with pytest.raises(NoReceipt):
        entries.head_at(7)


def test_a_page_has_the_parts_of_commits_in_their_order(consortium, tmp_path):
    parts = entries_of(consortium, tmp_path).page(1, 6)
    assert [(part.commit.checkpoint.size, part.first, len(part.lines)) for part in parts] == [
        (2, 1, 1),
        (5, 2, 3),
        (6, 5, 1),
    ]


def test_a_record_with_the_right_root_and_a_foreign_signature_is_passed_over(consortium, tmp_path):
    twente, stranger = consortium.universities["twente"], University("twente")
    lines = [twente.line("x.example.v1", "n", {})]
    stranger.tree = twente.tree
    twente.records.append(stranger.seal(*lines))
    twente.seal(*lines)
    entries = entries_of(consortium, tmp_path)
    assert entries.keys_of(entries.commit_of(6)) == [twente.signers[0].vkey]
    assert entries.head_at(7).checkpoint.size == 7


def test_governance_is_read_with_the_keys_in_force(consortium, tmp_path):
    entries = entries_of(consortium, tmp_path, GOVERNANCE)
    assert entries.keys_of(entries.commit_of(0)) == [consortium.signers[0].vkey]
