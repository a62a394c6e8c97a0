"""Receipts and what is checked beside them, without a database: what governance says since decides."""

import base64

import pytest

from consumers.governance.governance import GovernanceFold
from consumers.proofs import consistency, receipts
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.tiles import Tiles, follow
from registry.wire import merkle, seals
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.consistency import ConsistencyProof
from registry.wire.credentials import StatusSealed
from registry.wire.errors import InvalidProof
from registry.wire.governance import Head, MemberRangeVoided, MemberWithdrawn
from registry.wire.keys import Ed25519Signer
from registry.wire.proof import TlogProof
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def consortium():
    made = Consortium("twente")
    twente = made.universities["twente"]
    achievement, published = twente.publish()
    made.credentials = [new_id() for _ in range(3)]
    twente.seal(published, *(twente.issue(achievement, new_id(), c)[1] for c in made.credentials))
    twente.seal(twente.revoke(made.credentials[0]))
    made.sealed = [seals.key_of(made.credentials[0]) + b"revoked"]
    root = base64.b64encode(merkle.root_of([merkle.leaf_hash(leaf) for leaf in made.sealed])).decode()
    twente.seal(twente.line("status.sealed.v1", "5", StatusSealed(5, 1, root)))
    return made


def governance_size_of(consortium):
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.records:
        fold.take(record)
    return fold


def speaks(consortium, kind, act):
    consortium.seal(consortium.line(kind, "twente", act))


def made_of(consortium, folder):
    log = consortium.log()
    tiles = Tiles(folder)
    follow(tiles, log, "twente", governance_size_of(consortium))
    return log, tiles


def test_a_voided_seal_proves_nothing(consortium, tmp_path):
    log, tiles = made_of(consortium, tmp_path)
    receipt = receipts.make(log, "twente", tiles, 2)
    told = receipts.prove_status(consortium.credentials[1], receipts.make(log, "twente", tiles, 5), consortium.sealed)
    fold = governance_size_of(consortium)
    assert receipts.verify_status(told, receipts.verify(receipt, fold), fold).status is None
    head = consortium.universities["twente"].head
    speaks(consortium, "member.range.voided.v1", MemberRangeVoided("twente", 5, 6, head, "keyCompromised"))
    fold = governance_size_of(consortium)
    with pytest.raises(InvalidProof, match="no effect"):
        receipts.verify_status(told, receipts.verify(receipt, fold), fold)


def test_a_withdrawn_members_receipt_says_what_was_and_what_is(consortium, tmp_path):
    log, tiles = made_of(consortium, tmp_path)
    receipt = TlogProof.parse(str(receipts.make(log, "twente", tiles, 1)))
    head = consortium.universities["twente"].head
    speaks(consortium, "member.withdrawn.v1", MemberWithdrawn("twente", head, "administrative"))
    found = receipts.verify(receipt, governance_size_of(consortium))
    assert (found.standing_then, found.standing_now, found.refused) == ("active", "withdrawn", None)
    assert "the member is withdrawn now" in found.notes


def test_governance_is_held_against_the_head_that_witnesses_saw(consortium):
    fold = governance_size_of(consortium)
    newest = Checkpoint(CONSORTIUM, fold.size, fold.tree.root)
    note = SignedNote.sign(newest, consortium.signers)
    assert receipts.governance_size_of(note, fold) == fold.size
    speaks(consortium, "member.withdrawn.v1",
           MemberWithdrawn("twente", consortium.universities["twente"].head, "administrative"))  # fmt: skip
    later = governance_size_of(consortium)
    assert receipts.governance_size_of(note, later) == fold.size  # what came since is known, and nobody cosigned it yet
    cut = SignedNote.sign(Checkpoint(CONSORTIUM, later.size, later.tree.root), consortium.signers)
    other = SignedNote.sign(Checkpoint(CONSORTIUM, fold.size, bytes(32)), consortium.signers)
    member = SignedNote.sign(Checkpoint(f"{CONSORTIUM}/twente", 1, bytes(32)), consortium.signers)
    for wrong, says in ((cut, "and here are"), (other, "another governance"), (member, "not of governance")):
        with pytest.raises(InvalidProof, match=says):
            receipts.governance_size_of(wrong, fold)


def test_every_two_heads_are_proved_consistent_and_no_head_that_nobody_signed(consortium, tmp_path):
    log, tiles = made_of(consortium, tmp_path)
    fold = governance_size_of(consortium)
    sizes = (4, 5, 6)
    for old in sizes:
        for new in sizes:
            if old <= new:
                proof = consistency.make(log, "twente", tiles, old, new)
                assert ConsistencyProof.parse(str(proof)) == proof
                consistency.verify(proof, fold)
    with pytest.raises(NoReceipt, match="those around it are 0, 4"):
        consistency.make(log, "twente", tiles, 2)
    with pytest.raises(NoReceipt, match="none of 7"):
        consistency.make(log, "twente", tiles, 7)
    stranger = Ed25519Signer.generate(f"{CONSORTIUM}/twente")
    good = consistency.make(log, "twente", tiles, 4, 6)
    forged = ConsistencyProof(good.path, SignedNote.sign(good.old.checkpoint, [stranger]), good.new)
    with pytest.raises(InvalidProof, match="no key of twente"):
        consistency.verify(forged, fold)


def test_an_anchored_root_rules_out_another_head_of_that_size(consortium, tmp_path):
    log, tiles = made_of(consortium, tmp_path)
    proof = consistency.make(log, "twente", tiles, 5, 6)
    other = Head(5, base64.b64encode(bytes(32)).decode())
    speaks(consortium, "member.withdrawn.v1", MemberWithdrawn("twente", other, "administrative"))
    with pytest.raises(InvalidProof, match="anchored another root at 5"):
        consistency.verify(proof, governance_size_of(consortium))
