"""What the project writes, checked by software that is not its own; and that software's test data by ours."""

import base64
import contextlib
import http.client
import json
import os
import random
import shutil
import subprocess
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consumers.governance.governance import GovernanceFold
from consumers.proofs.export import export
from consumers.proofs.tiles import Tiles, follow
from consumers.witness import witness_client
from consumers.witness.witness_client import WitnessRefused
from registry.wire import merkle
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.cosignature import CosignerKey, cosign
from registry.wire.errors import InvalidProof
from registry.wire.keys import Ed25519Signer
from tests.support.streams import CONSORTIUM, Consortium, new_id

LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(70)]
ROOTS = [merkle.root_of(LEAVES[:n]) for n in range(71)]


def text(data):
    return base64.b64encode(data).decode()


def test_gos_signed_notes_take_our_checkpoints_and_refuse_altered_ones(go_checks):
    signer = Ed25519Signer.generate("test.example/twente")
    requests, expected = [], []
    for size in range(1, 40):
        note = str(SignedNote.sign(Checkpoint("test.example/twente", size, ROOTS[size]), [signer]))
        altered = note.replace(f"\n{size}\n", f"\n{size + 1}\n")
        requests += [{"do": "note", "note": given, "vkey": str(signer.vkey)} for given in (note, altered)]
        expected += [True, False]
    assert [answer == "ok" for answer in go_checks.ask(requests)] == expected


def test_gos_and_transparency_devs_verifiers_take_our_proofs_and_refuse_altered_ones(go_checks):
    requests, expected = [], []

    def good(**request):
        requests.append({name: text(v) if isinstance(v, bytes) else v for name, v in request.items()})
        expected.append("ok")

    def altered(**request):
        good(**request)
        expected[-1] = "refused"

    subtree = merkle.subtree_of(LEAVES)
    for size in range(1, 70):
        for index in {0, size // 2, size - 1}:
            path = merkle.inclusion_proof(index, size, subtree)
            given = {"do": "inclusion", "index": index, "size": size, "leaf": LEAVES[index], "root": ROOTS[size]}
            good(**given, path=[text(step) for step in path])
            altered(**{**given, "root": ROOTS[size - 1]}, path=[text(step) for step in path])
            altered(**given, path=[text(step) for step in [*path, ROOTS[1]]])
        for old in {1, size // 2, size - 1} - {0, size}:
            path = merkle.consistency_proof(old, size, subtree)
            given = {"do": "consistency", "old": old, "size": size, "oldRoot": ROOTS[old], "root": ROOTS[size]}
            good(**given, path=[text(step) for step in path])
            altered(**{**given, "oldRoot": ROOTS[size]}, path=[text(step) for step in path])
    answers = go_checks.ask(requests)
    assert ["ok" if answer == "ok" else "refused" for answer in answers] == expected
    assert not [answer for answer in answers if answer.startswith("they differ")]


def test_transparency_devs_test_data_has_its_verdicts_here(go_checks):
    folder = go_checks.module("github.com/transparency-dev/merkle") / "testdata"
    counts = {"inclusion": 0, "consistency": 0}
    for kind in counts:
        for file in sorted((folder / kind).rglob("*.json")):
            case = json.loads(file.read_text())

            def data(name, case=case):
                return base64.b64decode(case[name] or "")

            path = [base64.b64decode(step) for step in case["proof"] or []]
            try:
                if kind == "inclusion":
                    merkle.verify_inclusion(data("leafHash"), case["leafIdx"], case["treeSize"], path, data("root"))
                else:
                    merkle.verify_consistency(case["size1"], data("root1"), case["size2"], data("root2"), path)
                refused = False
            except InvalidProof:
                refused = True
            assert refused is case["wantErr"], file
            counts[kind] += 1
    assert min(counts.values()) > 90


@pytest.fixture
def exported(tmp_path):
    """A member's log of 700 events as static files; its tiles, and the folder."""
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published)
    for count in (99, 100, 250, 250):
        twente.seal(*[twente.issue(achievement, new_id())[1] for _ in range(count)])
    log = consortium.log()
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in log.records("governance"):
        fold.take(record.data)
    tiles = Tiles(tmp_path / "tiles")
    follow(tiles, log, "twente", fold)
    export(log, "twente", tiles, tmp_path / "static", entries=True)
    return twente, tiles, tmp_path / "static"


def fsck(go_checks, folder, vkey, seconds=30):
    """Tessera's verdict; None where it does not end, which is how it meets some broken logs."""
    try:
        done = subprocess.run(
            [go_checks.program, "fsck", folder, vkey], capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def test_tesseras_fsck_takes_our_static_log_and_no_altered_one(go_checks, exported, tmp_path):
    twente, _, folder = exported
    vkey = str(twente.signers[0].vkey)
    assert fsck(go_checks, folder, vkey) == 0
    for name in ("tile/0/001", "tile/entries/000", "tile/1/000.p/2", "checkpoint"):
        broken = tmp_path / "broken"
        shutil.copytree(folder, broken)
        data = bytearray((broken / name).read_bytes())
        data[len(data) // 2] ^= 1
        (broken / name).write_bytes(bytes(data))
        assert fsck(go_checks, broken, vkey, 10) != 0, name
        shutil.rmtree(broken)


def test_tesseras_client_proves_from_our_tiles(go_checks, exported):
    _, tiles, folder = exported
    size = tiles.size
    requests = [
        {"do": "client", "dir": str(folder), "size": size, "index": index, "leaf": text(tiles.leaf(index)),
         "root": text(tiles.root(size))}
        for index in random.Random(1).sample(range(size), 40)
    ]  # fmt: skip
    assert go_checks.ask(requests) == ["ok"] * 40


def test_gos_verifier_of_cosignatures_takes_ours_and_no_altered_one(go_checks):
    signer = Ed25519Signer.generate("witness.example/w1")
    key = CosignerKey.of("witness.example/w1", signer.vkey.public)
    bare = SignedNote.sign(
        Checkpoint("test.example/twente", 7, ROOTS[7]), [Ed25519Signer.generate("test.example/twente")]
    )
    line = cosign("witness.example/w1", signer, bare.text, datetime(2026, 5, 4, tzinfo=UTC))
    note = str(SignedNote(bare.checkpoint, bare.text, (*bare.signatures, line)))
    requests = [
        {"do": "cosignature", "vkey": str(key), "note": given} for given in (note, note.replace("\n7\n", "\n8\n"))
    ]
    answers = go_checks.ask(requests)
    assert answers[0] == "ok"
    assert answers[1] != "ok"


def test_a_witness_in_go_cosigns_our_checkpoints_and_no_second_history(go_checks, exported):
    twente, tiles, _ = exported
    seed = os.urandom(32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    name = "witness.example/go"
    key_id = sha256(name.encode() + b"\n\x01" + public.public_bytes_raw()).digest()[:4]
    skey = f"PRIVATE+KEY+{name}+{key_id.hex()}+{text(bytes([1]) + seed)}"
    with subprocess.Popen(
        [go_checks.program, "witness", skey, str(twente.signers[0].vkey)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            address = process.stdout.readline().strip().removeprefix("http://")

            def add(old, size, root, path):
                note = SignedNote.sign(Checkpoint(twente.origin, size, root), twente.signers)
                body = f"old {old}\n" + "".join(text(step) + "\n" for step in path) + f"\n{note}"
                with contextlib.closing(http.client.HTTPConnection(address, timeout=10)) as connection:
                    connection.request("POST", "/add-checkpoint", body.encode())
                    answer = connection.getresponse()
                    return answer.status, answer.read().decode(), note.text

            status, lines, signed = add(0, 350, tiles.root(350), [])
            assert status == 200, lines
            status, lines, signed = add(350, 700, tiles.root(700), tiles.consistency(350, 700))
            assert status == 200, lines
            data = base64.b64decode(lines.split(" ")[2])
            time = int.from_bytes(data[4:12])
            public.verify(data[12:], f"cosignature/v1\ntime {time}\n{signed}".encode())
            assert add(350, 700, tiles.root(700), tiles.consistency(350, 700))[0] == 409
            assert add(700, 700, merkle.leaf_hash(b"another"), [])[0] in (409, 422)
            assert add(700, 701, merkle.leaf_hash(b"another"), [ROOTS[1]])[0] == 422
            # The same through the client that nodes use.
            note = SignedNote.sign(Checkpoint(twente.origin, 700, tiles.root(700)), twente.signers)
            cosigned = witness_client.add_checkpoint(f"http://{address}", note, tiles.consistency)
            assert CosignerKey.of(name, public.public_bytes_raw()).time_of(cosigned) is not None
            early = SignedNote.sign(Checkpoint(twente.origin, 350, tiles.root(350)), twente.signers)
            with pytest.raises(WitnessRefused, match="has seen 700"):
                witness_client.add_checkpoint(f"http://{address}", early, tiles.consistency)
        finally:
            process.kill()
