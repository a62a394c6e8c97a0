"""Keys for which anybody can sign, or nobody, are recognised; all others are not."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.keys.weak_keys import find_weakness
from registry.wire.keys import Ed25519Signer

PRIME = 2**255 - 19
SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
OTHER_FORMS = [
    (y | sign).to_bytes(32, "little").hex() for y in (PRIME, PRIME + 1, 1) for sign in (0, 1 << 255) if y + sign != 1
]
"""Of 0 and 1, each with the sign that its x has not, or with y taken beyond the prime."""


@pytest.mark.parametrize("key", [*SMALL_ORDER, *OTHER_FORMS, "ec" + "ff" * 31])
def test_a_key_of_small_order_is_recognised_in_every_form(key):
    assert "anybody can sign" in find_weakness(bytes.fromhex(key))


def test_by_such_a_key_somebody_without_a_private_key_signs():
    identity = bytes.fromhex(SMALL_ORDER[0])
    Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"anything")


@pytest.mark.parametrize("beyond", range(2, 19))
def test_a_key_whose_number_is_too_large_is_recognised(beyond):
    assert find_weakness((PRIME + beyond).to_bytes(32, "little")) is not None


def test_a_key_that_is_no_point_of_the_curve_is_recognised():
    assert "not a point of the curve" in find_weakness(b"\x02" + bytes(31))


def test_a_key_that_was_made_properly_is_taken():
    assert [find_weakness(Ed25519Signer.generate("x").vkey.public) for _ in range(50)] == [None] * 50
