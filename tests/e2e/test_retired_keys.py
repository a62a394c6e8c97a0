"""What a thief makes others believe with a stolen key that was retired since: nothing that no witness vouches for."""

import base64
from datetime import UTC, datetime

import msgspec
import pytest

from consumers.governance.governance import GovernanceFold
from consumers.proofs import receipts
from consumers.proofs.tiles import Tiles, follow
from registry.log import open_log
from registry.wire import merkle, seals
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.consistency import ConsistencyProof
from registry.wire.cosignature import CosignerKey, cosign
from registry.wire.credentials import StatusSealed
from registry.wire.governance import MemberKeyAdded, MemberKeyRetired
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hashes
from registry.wire.proof import TlogProof
from tests.support.command import printed_json, registry
from tests.support.streams import CONSORTIUM, Consortium, new_id

WITNESS = "witness.example/w1"


class Stolen:
    """A credential that its issuer revoked after it changed its key, and files that a thief of the old key makes."""

    def __init__(self, folder):
        self.folder = folder
        self.consortium = Consortium("twente")
        self.twente = twente = self.consortium.universities["twente"]
        achievement, published = twente.publish()
        self.credential, issued = twente.issue(achievement, new_id())
        twente.seal(published, issued, *(twente.issue(achievement, new_id())[1] for _ in range(6)))
        [self.thief] = twente.signers
        twente.signers = [Ed25519Signer.generate(twente.origin)]
        for kind, act in (
            ("member.key.added.v1", MemberKeyAdded("twente", str(twente.signers[0].vkey), twente.head)),
            ("member.key.retired.v1", MemberKeyRetired("twente", str(self.thief.vkey), twente.head, "compromised")),
        ):
            self.consortium.seal(self.consortium.line(kind, "twente", act))
        twente.seal(twente.revoke(self.credential))
        self.receipt, self.proof = folder / "r.tlog-proof", folder / "forged.consistency"
        self._give_receipt()
        empty = StatusSealed(6, 0, base64.b64encode(merkle.EMPTY_ROOT).decode())
        # A history of the thief's own, of a size for which the old key counts: nobody revokes anything in it.
        self.lines = [b'{"x":%d}' % number for number in range(6)] + [twente.line("status.sealed.v1", "6", empty)]
        self.forge()

    def _give_receipt(self):
        log = open_log(f"file:{self.folder}", CONSORTIUM)
        log.create("governance")
        with log.writer("governance"):
            log.append("governance", self.consortium.records)
        log.close()
        fold = GovernanceFold(CONSORTIUM, self.consortium.founded)
        for record in self.consortium.records:
            fold.take(record)
        tiles = Tiles(self.folder / "tiles")
        follow(tiles, self.consortium.log(), "twente", fold)
        self.receipt.write_text(str(receipts.make(self.consortium.log(), "twente", tiles, 1)))

    def forge(self, witness=None):
        """Write a seal that revokes nothing, and a consistency proof, both of the thief's history."""
        hashes = leaf_hashes(self.lines)
        old, new = self._signed(hashes, 5, witness), self._signed(hashes, 7, witness)
        subtree = merkle.subtree_of(hashes)
        seal = TlogProof(self.lines[6], 6, tuple(merkle.inclusion_proof(6, 7, subtree)), new)
        told = seals.prove(self.credential, str(seal), [])
        (self.folder / "r.tlog-proof.seal.json").write_bytes(msgspec.json.encode(told))
        self.proof.write_text(str(ConsistencyProof(tuple(merkle.consistency_proof(5, 7, subtree)), old, new)))

    def _signed(self, hashes, size, witness):
        head = Checkpoint(self.twente.origin, size, Tree().extend(hashes[:size]).root)
        note = SignedNote.sign(head, [self.thief])
        if witness is None:
            return note
        line = cosign(WITNESS, witness, note.text, datetime.now(UTC))
        return msgspec.structs.replace(note, signatures=(*note.signatures, line))

    def check(self, file, *more, **how):
        return registry("receipt", "verify", file, "--founded", self.consortium.founded.hex(), *more, **how)


@pytest.fixture
def stolen(tmp_path):
    return Stolen(tmp_path)


def first_line(done):
    return done.stdout.splitlines()[0]


def test_a_seal_forged_with_a_retired_key_does_not_make_a_revoked_credential_genuine(stolen):
    said = stolen.check(stolen.receipt, check=5)
    assert first_line(said).startswith("Genuine. What its seal says does not count: a key that was retired since")
    found = printed_json(stolen.check(stolen.receipt, "--json", check=5))
    assert (found["verdict"], found["status"]["rests_on_retired_keys"]) == ("inconclusive", True)
    assert found["receipt"]["rests_on_retired_keys"] is False


def test_a_consistency_proof_that_only_a_retired_key_signed_is_inconclusive(stolen):
    said = stolen.check(stolen.proof, check=5)
    assert first_line(said).startswith("Not confirmed: the log of test.example/twente at 7 extends the one at 5")
    assert "a key that was retired since signed the later head" in first_line(said)
    assert printed_json(stolen.check(stolen.proof, "--json", check=5))["verdict"] == "inconclusive"


def test_a_witness_that_cosigned_the_head_vouches_for_what_a_retired_key_signed(stolen):
    witness = Ed25519Signer.generate(WITNESS)
    stolen.forge(witness)
    relied_on = ("--witness", CosignerKey.of(WITNESS, witness.vkey.public), "--needed", 0)
    found = printed_json(stolen.check(stolen.receipt, *relied_on, "--json"))
    assert [each["witness"] for each in found["seal_cosigned"]] == [WITNESS]
    assert found["verdict"] == "genuine"
    assert first_line(stolen.check(stolen.proof, *relied_on)).startswith("Proven: ")


def test_options_that_mean_nothing_for_a_consistency_proof_are_refused(stolen):
    for option in (("--max-seal-age", 24), ("--seal", stolen.receipt), ("--disclosures", stolen.receipt)):
        assert option[0] in stolen.check(stolen.proof, *option, check=2).stderr
