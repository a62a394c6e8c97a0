"""What every place of a vault's keys owes to the vault: the folder on the disk, and the one in memory for tests."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from registry.keys.keystore import Keystore
from registry.vault.keys import KeyRing, MemoryKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from registry.vault.keys import KeyFiles

    Opener = Callable[[], KeyFiles]

RANDOM = random.Random(3).randbytes


@pytest.fixture(params=["memory", "folder", "folder with a passphrase"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the same keys again and again, each time as another process would."""
    if request.param == "memory":
        memory = MemoryKeys(RANDOM)
        return lambda: memory
    passphrase = b"a passphrase of this test" if "passphrase" in request.param else None
    keystore = Keystore(tmp_path / "keys", passphrase)
    keystore.create_master()
    keystore.write_ring(KeyRing.create(RANDOM))
    return lambda: Keystore(tmp_path / "keys", passphrase)


def test_the_keys_that_were_stored_are_read_by_everybody(opener: Opener) -> None:
    ring = KeyRing.create(RANDOM)
    opener().write_ring(ring)
    assert opener().ring() == ring
    following = ring.with_replacements({3, 256}, RANDOM)
    opener().write_ring(following)
    assert opener().ring() == following != ring


def test_reading_changes_nothing(opener: Opener) -> None:
    keys = opener()
    mark = keys.read_ring_mark()
    assert keys.ring() == keys.ring()
    assert keys.read_ring_mark() == mark == opener().read_ring_mark()


def test_other_keys_are_told_by_their_mark(opener: Opener) -> None:
    keys = opener()
    ring = keys.ring()
    assert ring is not None
    marks = [keys.read_ring_mark()]
    rings = [ring]
    for bucket in range(3):
        rings.append(rings[-1].with_replacements({bucket}, RANDOM))
        opener().write_ring(rings[-1])
        marks.append(keys.read_ring_mark())
    assert all(one != other for one, other in itertools.pairwise(marks))


def test_the_master_key_has_32_bytes_and_stays(opener: Opener) -> None:
    master = opener().master()
    assert len(master) == 32
    opener().write_ring(KeyRing.create(RANDOM))
    assert opener().master() == master
