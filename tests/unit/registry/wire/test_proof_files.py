"""Receipts and consistency proofs as files: what was written is read back, a broken file is refused with its fault."""

import base64

import pytest

from registry.wire import merkle
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.consistency import ConsistencyProof
from registry.wire.errors import InvalidProof
from registry.wire.keys import Ed25519Signer
from registry.wire.proof import MAX_PROOF, TlogProof

ORIGIN = "test.example/twente"
SIGNER = Ed25519Signer.generate(ORIGIN)
EVENTS = [f'{{"n":{number}}}'.encode() for number in range(7)]
LEAVES = [merkle.leaf_hash(event) for event in EVENTS]
SUBTREE = merkle.subtree_of(LEAVES)
HASH = base64.b64encode(bytes(32)).decode()


def note(size, origin=ORIGIN):
    return SignedNote.sign(Checkpoint(origin, size, merkle.root_of(LEAVES[:size])), [SIGNER])


RECEIPT = TlogProof(EVENTS[3], 3, tuple(merkle.inclusion_proof(3, 7, SUBTREE)), note(7))
PROOF = ConsistencyProof(tuple(merkle.consistency_proof(3, 7, SUBTREE)), note(3), note(7))


def with_line(text, number, line):
    lines = str(text).split("\n")
    lines[number] = line
    return "\n".join(lines)


def test_a_receipt_is_read_as_it_was_written_and_proves_its_event():
    read = TlogProof.parse(str(RECEIPT))
    assert read == RECEIPT
    read.verify_inclusion()


@pytest.mark.parametrize("event", [EVENTS[2], b""])
def test_a_receipt_proves_no_other_event(event):
    with pytest.raises(InvalidProof):
        TlogProof(event, 3, RECEIPT.path, RECEIPT.note).verify_inclusion()


BROKEN_RECEIPTS = [
    ("x" * (MAX_PROOF + 1), "too large to be a receipt"),
    ("", "three paragraphs"),
    (f"{RECEIPT}\n\n", "three paragraphs"),
    (with_line(RECEIPT, 0, "c2sp.org/tlog-proof@v2"), "the first line is not"),
    (with_line(RECEIPT, 1, "index 3"), "no extra line"),
    (with_line(RECEIPT, 2, "index 03"), "not 'index' and a number"),
    (with_line(RECEIPT, 2, f"index {1 << 63}"), "not 'index' and a number"),
    (with_line(RECEIPT, 3, "\n".join([HASH] * 64)), "a path of 66 hashes"),
    (with_line(RECEIPT, 1, "extra !"), "the event"),
    (with_line(RECEIPT, 3, "?"), "a hash of the path"),
    (with_line(RECEIPT, 3, base64.b64encode(bytes(31)).decode()), "does not have 32 bytes"),
    (with_line(RECEIPT, -2, "no signature"), "a signature line"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN_RECEIPTS, ids=[reason for _, reason in BROKEN_RECEIPTS])
def test_what_is_no_receipt_is_refused_for_what_is_wrong_with_it(text, reason):
    with pytest.raises(InvalidProof, match=reason):
        TlogProof.parse(text)


def test_a_consistency_proof_is_read_as_it_was_written_and_shows_that_one_head_begins_with_the_other():
    read = ConsistencyProof.parse(str(PROOF))
    assert read == PROOF
    read.verify()


BROKEN_PROOFS = [
    ("x" * (MAX_PROOF + 1), "too large to be a consistency proof"),
    (str(RECEIPT), "five paragraphs"),
    (with_line(PROOF, 0, "registry consistency proof 2"), "the first line is not"),
    (with_line(PROOF, 1, "\n".join([HASH] * 65)), "a path of 6[0-9] hashes"),
    (with_line(PROOF, 1, "?"), "a hash"),
    (with_line(PROOF, 1, base64.b64encode(bytes(33)).decode()), "does not have 32 bytes"),
    (with_line(PROOF, -2, "no signature"), "a signature line"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN_PROOFS, ids=[reason for _, reason in BROKEN_PROOFS])
def test_what_is_no_consistency_proof_is_refused_for_what_is_wrong_with_it(text, reason):
    with pytest.raises(InvalidProof, match=reason):
        ConsistencyProof.parse(text)


def test_heads_of_two_logs_prove_nothing_of_one_another():
    with pytest.raises(InvalidProof, match="of two logs"):
        ConsistencyProof(PROOF.path, PROOF.old, note(7, "test.example/lund")).verify()
