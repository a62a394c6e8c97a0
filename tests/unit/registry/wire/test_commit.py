"""Commits: which records are one, and which are refused for their form or their size."""

import pytest

from registry.wire import commit
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.commit import MAX_COMMIT, MAX_EVENT, MAX_EVENTS, merge, parse, sign_commit
from registry.wire.errors import CommitTooLarge, MalformedCommit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import MAX_SIZE, Tree

ORIGIN = "test.example/twente"
SIGNER = Ed25519Signer.generate(ORIGIN)
FIRST, TREE = sign_commit(ORIGIN, Tree(), [b'{"n":1}', b'{"n":2}'], [SIGNER])
SECOND, _ = sign_commit(ORIGIN, TREE, ['{"n":"é"}'.encode()], [SIGNER])
HEAD, SIGNATURES, EVENTS = FIRST.split(b"\n\n")


def record(head=HEAD, signatures=SIGNATURES, events=EVENTS):
    return b"\n\n".join([head, signatures, events])


def test_a_commit_is_read_with_its_head_its_place_and_its_events():
    read = parse(SECOND)
    assert (read.checkpoint.size, read.base, read.lines) == (3, 2, ['{"n":"é"}'.encode()])


MALFORMED = [
    (b"", "no two empty lines"),
    (FIRST[:-1], "does not end in a line feed"),
    (HEAD + b"\n", "no two empty lines"),
    (record(events=b"\n"), "at least one event"),
    (record(events=b"a\n\nb\n"), "exactly two empty lines"),
    (record(events=b"\xff\n"), "not UTF-8"),
    (record(head=HEAD.replace(b"twente", b"\xff")), "not UTF-8"),
    (record(head=HEAD.replace(b"\n2\n", b"\n02\n")), "is not a tree size"),
    (record(head=HEAD + b"\nmore"), "three lines"),
    (record(head=b"\n".join([b"\t", *HEAD.split(b"\n")[1:]])), "a control character"),
    (record(head=HEAD[:-8]), "the root"),
    (record(signatures=SIGNATURES + b"\n" + SIGNATURES), "two signature lines by the same key"),
    (record(signatures=b"\n".join([SIGNATURES] * 100)), "signature lines"),
    (record(signatures="— twente AAAA".encode()), "at least 5 bytes"),
    (record(signatures=b"- twente AAAAAAAAAA=="), "a signature line is"),
    (record(events=b"{}\n" * 3), "a tree of 2 leaves cannot end in 3 events"),
]


@pytest.mark.parametrize(("data", "reason"), MALFORMED, ids=[reason for _, reason in MALFORMED])
def test_a_record_that_is_no_commit_is_refused_for_what_is_wrong_with_it(data, reason):
    with pytest.raises(MalformedCommit, match=reason) as refused:
        parse(data)
    assert refused.value.code == "malformed"


TOO_LARGE = [
    (b"x" * (MAX_COMMIT + 1), "at most"),
    (record(events=b"{}\n" * (MAX_EVENTS + 1)), f"{MAX_EVENTS:,} at most"),
    (record(events=b"x" * (MAX_EVENT + 1) + b"\n"), "an event of more than"),
]


@pytest.mark.parametrize(("data", "reason"), TOO_LARGE, ids=[reason for _, reason in TOO_LARGE])
def test_a_record_over_a_limit_is_told_from_one_of_another_form(data, reason):
    with pytest.raises(CommitTooLarge, match=reason) as refused:
        parse(data)
    assert refused.value.code == "too-large"


@pytest.mark.parametrize("lines", [[], [b""], [b"a\nb"]])
def test_nothing_but_lines_is_signed(lines):
    with pytest.raises(MalformedCommit, match="at least one event, each on one line"):
        sign_commit(ORIGIN, Tree(), lines, [SIGNER])


def test_a_full_tree_takes_no_more():
    full = Tree(MAX_SIZE - 1, TREE.hashes * 63)
    with pytest.raises(CommitTooLarge, match="the tree is full"):
        sign_commit(ORIGIN, full, [b"{}"], [SIGNER])


def test_commits_that_follow_one_another_are_merged_under_the_last_head():
    merged = parse(merge([parse(FIRST), parse(SECOND)]))
    assert (merged.base, merged.checkpoint) == (0, parse(SECOND).checkpoint)
    assert merged.lines == parse(FIRST).lines + parse(SECOND).lines


@pytest.mark.parametrize("commits", [[SECOND, FIRST], [FIRST, FIRST]])
def test_commits_with_a_gap_are_not_merged(commits):
    with pytest.raises(MalformedCommit, match="does not follow"):
        merge([parse(data) for data in commits])


def test_commits_of_two_logs_are_not_merged():
    other = SignedNote.sign(Checkpoint("test.example/lund", 3, bytes(32)), [SIGNER])
    foreign = commit.Commit(other, b"", [b"{}"])
    with pytest.raises(MalformedCommit, match="does not follow"):
        merge([parse(FIRST), foreign])
    with pytest.raises(MalformedCommit, match="nothing to merge"):
        merge([])
