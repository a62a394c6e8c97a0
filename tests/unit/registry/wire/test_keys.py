"""Verifier keys: their form, and what a key that is none can do."""

import hashlib

import pytest

from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer, VerifierKey

SIGNER = Ed25519Signer.generate("test.example/twente")


def test_a_key_verifies_what_it_signed_and_nothing_else():
    signature = SIGNER.sign(b"a head")
    key = VerifierKey.parse(str(SIGNER.vkey))
    assert key.verifies(signature, b"a head")
    assert not key.verifies(signature, b"another")
    assert not key.verifies(signature[:-1], b"a head")
    assert not key.verifies(b"", b"a head")


def test_by_a_key_that_is_no_point_of_the_curve_nothing_verifies():
    none = VerifierKey.of("test.example/twente", b"\x02" + bytes(31))
    assert VerifierKey.parse(str(none)) == none
    assert not none.verifies(SIGNER.sign(b"a head"), b"a head")


def test_a_signature_whose_s_is_not_below_the_groups_order_does_not_verify():
    signature = SIGNER.sign(b"a head")
    order = 2**252 + 27742317777372353535851937790883648493
    moved = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not SIGNER.vkey.verifies(signature[:32] + moved, b"a head")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\u3000", "a\x1fb", "a\x85"])
def test_a_name_has_no_space_no_plus_and_no_control(name):
    with pytest.raises(MalformedNote):
        VerifierKey.of(name, bytes(32))


def test_a_key_whose_id_is_not_that_of_its_name_is_refused():
    name, _, encoded = str(SIGNER.vkey).split("+", 2)
    other = hashlib.sha256(b"other").hexdigest()[:8]
    shouted = SIGNER.vkey.key_id.hex().upper()
    for wrong in (f"{name}+{other}+{encoded}", f"x{SIGNER.vkey}", f"{name}+{shouted}+{encoded}x"):
        with pytest.raises(MalformedNote):
            VerifierKey.parse(wrong)
