"""A key's proof holds for that key and that name alone."""

import pytest

from registry.keys import key_proof
from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer

SIGNER = Ed25519Signer.generate("test.example/twente")
OFFERED = key_proof.prove(SIGNER)


def test_a_key_with_its_proof_is_read_back():
    assert key_proof.parse(f" {OFFERED}\n") == OFFERED


def test_a_key_without_proof_is_read_and_has_none():
    assert key_proof.parse(str(SIGNER.vkey)) == (SIGNER.vkey, None)


def test_a_proof_by_another_key_or_for_another_name_does_not_hold():
    elsewhere = Ed25519Signer("test.example/aveiro", SIGNER.private)
    for other in (Ed25519Signer.generate("test.example/twente"), elsewhere):
        with pytest.raises(MalformedNote, match="is wrong"):
            key_proof.parse(f"{SIGNER.vkey}:{key_proof.prove(other).proof}")


@pytest.mark.parametrize(
    "proof",
    ["", "x", "%", "ü", OFFERED.proof[:-3], OFFERED.proof + "AAAA"],
    ids=["empty", "letter", "percent", "umlaut", "cut", "longer"],
)
def test_what_is_no_proof_does_not_hold(proof):
    with pytest.raises(MalformedNote):
        key_proof.parse(f"{SIGNER.vkey}:{proof}")
