"""Proofs that one head of a stream begins with another: which are made, and which of them a reader believes."""

import pytest

from consumers.governance.governance import GovernanceFold
from consumers.proofs.consistency import make, verify
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.tiles import Tiles, TileState
from registry.wire import commit, merkle
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.consistency import ConsistencyProof
from registry.wire.errors import InvalidProof
from registry.wire.governance import MemberKeyRetired
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, Consortium, Stream

COMMITS = (2, 3, 1)


@pytest.fixture
def consortium():
    made = Consortium("twente", "lund")
    for university in made.universities.values():
        for count in COMMITS:
            university.seal(*[university.line("x.example.v1", f"n{number}", {}) for number in range(count)])
    return made


@pytest.fixture
def tiles(consortium, tmp_path):
    leaves = [leaf for record in consortium.universities["twente"].records for leaf in commit.parse(record).leaves()]
    tree = Tree().extend(leaves)
    made = Tiles(tmp_path)
    made.append(leaves)
    made.save(TileState(tree.size, [part.hex() for part in tree.hashes], 1, 0, 0, doubtful=False))
    return made


def governance(consortium):
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.records:
        fold.take(record)
    return fold


def between(stream: Stream, old: int, new: int) -> ConsistencyProof:
    """The proof between two heads of a stream, made from its records alone."""
    notes = {note.checkpoint.size: note for note in (commit.parse(record).note for record in stream.records)}
    leaves = [leaf for record in stream.records for leaf in commit.parse(record).leaves()]
    return ConsistencyProof(
        tuple(merkle.consistency_proof(old, new, merkle.subtree_of(leaves))), notes[old], notes[new]
    )


@pytest.mark.parametrize(("old", "new"), [(2, None), (2, 5), (5, 6), (6, 6)])
def test_a_proof_between_two_heads_is_made_and_believed(consortium, tiles, old, new):
    proof = make(consortium.log(), "twente", tiles, old, new)
    assert (proof.old.checkpoint.size, proof.new.checkpoint.size) == (old, new or 6)
    assert verify(proof, governance(consortium)) is False


@pytest.mark.parametrize(
    ("old", "reason"),
    [(0, "has heads from 1 to 6"), (7, "has heads from 1 to 6"), (3, "no head of twente is of 3 events; .* are 2, 5")],
)
def test_of_a_size_without_a_head_there_is_no_proof(consortium, tiles, old, reason):
    with pytest.raises(NoReceipt, match=reason):
        make(consortium.log(), "twente", tiles, old)


def test_a_log_that_lost_the_head_says_so(consortium, tiles):
    log = consortium.log()
    log.cut("twente", 1)
    with pytest.raises(NoReceipt, match="no head of twente at 5 is on this log"):
        make(log, "twente", tiles, 5)


def test_heads_of_governance_are_compared_with_governance_as_it_is_known(consortium):
    consortium.seal(consortium.admission("aveiro"))
    proof = between(consortium, 3, 4)
    assert verify(proof, governance(consortium)) is False
    known = governance(consortium)
    other = SignedNote.sign(Checkpoint(CONSORTIUM, 4, bytes(32)), consortium.signers)
    with pytest.raises(InvalidProof, match="has no such head of 4 events"):
        verify(ConsistencyProof((), other, other), known)
    later = SignedNote.sign(Checkpoint(CONSORTIUM, 9, bytes(32)), consortium.signers)
    with pytest.raises(InvalidProof, match="has no such head of 9 events"):
        verify(ConsistencyProof((), later, later), known)


@pytest.mark.parametrize("origin", [f"{CONSORTIUM}/porto", "other.example/twente", "twente"])
def test_a_log_of_no_member_proves_nothing(consortium, origin):
    signer = Ed25519Signer.generate(origin)
    stream = Stream(origin, [signer])
    stream.seal(b"{}")
    with pytest.raises(InvalidProof, match="is not a member's log as governance has it"):
        verify(between(stream, 1, 1), governance(consortium))


def test_a_head_that_another_key_signed_proves_nothing(consortium):
    twente = consortium.universities["twente"]
    twente.signers = [Ed25519Signer.generate(twente.origin)]
    twente.seal(b"{}")
    with pytest.raises(InvalidProof):
        verify(between(twente, 2, 7), governance(consortium))


def test_a_newer_head_that_rests_on_a_retired_key_needs_a_witness_unless_governance_names_it(consortium):
    twente = consortium.universities["twente"]
    retired = MemberKeyRetired("twente", str(twente.signers[0].vkey), twente.head, "rotated")
    consortium.seal(consortium.line("member.key.retired.v1", "twente", retired))
    assert verify(between(twente, 2, 5), governance(consortium)) is True
    assert verify(between(twente, 2, 6), governance(consortium)) is False
