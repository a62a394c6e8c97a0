"""What a root key has signed: two proposals contradict each other where they are for some of the same places."""

import json

import pytest

from registry.ceremony.signed_heads import SignedHead, SignedHeads
from registry.keys.keystore import KeystoreError


@pytest.mark.parametrize(
    ("other", "contradicts"),
    [
        (SignedHead(3, 4, "a"), False),
        (SignedHead(3, 4, "b"), True),
        (SignedHead(3, 5, "b"), True),
        (SignedHead(2, 6, "b"), True),
        (SignedHead(2, 3, "b"), False),
        (SignedHead(4, 5, "b"), False),
    ],
)
def test_heads_contradict_each_other_where_their_entries_overlap(other, contradicts):
    head = SignedHead(3, 4, "a")
    assert head.contradicts(other) == other.contradicts(head) == contradicts


def test_what_was_signed_is_kept_all_of_it_and_once(tmp_path):
    signed = SignedHeads(tmp_path / "root.signed")
    assert signed.read() == []
    for head in (SignedHead(3, 5, "a"), SignedHead(3, 5, "b"), SignedHead(3, 5, "a")):
        signed.add(head)
    assert SignedHeads(tmp_path / "root.signed").read() == [SignedHead(3, 5, "a"), SignedHead(3, 5, "b")]


def test_what_was_kept_by_size_alone_contradicts_all_that_could_stand_in_its_place(tmp_path):
    (tmp_path / "root.signed").write_text(json.dumps({"5": "a"}))
    [before] = SignedHeads(tmp_path / "root.signed").read()
    assert not SignedHead(4, 5, "a").contradicts(before)
    assert SignedHead(4, 5, "b").contradicts(before)
    assert SignedHead(3, 4, "b").contradicts(before)
    assert not SignedHead(5, 6, "b").contradicts(before)


@pytest.mark.parametrize("text", ["", "[1]", '[{"after": 1}]', '"5"'])
def test_a_damaged_file_lets_nothing_be_signed(tmp_path, text):
    (tmp_path / "root.signed").write_text(text)
    with pytest.raises(KeystoreError):
        SignedHeads(tmp_path / "root.signed").add(SignedHead(1, 2, "a"))
