"""The tile store: it grows in any steps, survives what a crash leaves behind, and gives every proof."""

import random

import pytest

from consumers.governance.governance import GovernanceFold
from consumers.proofs.tiles import DamagedTiles, Tiles, TileState, follow
from registry.wire import merkle
from registry.wire.errors import InvalidProof
from registry.wire.governance import MemberKeyRetired
from registry.wire.tiles import Tile
from tests.support.streams import CONSORTIUM, Consortium, new_id

LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(1500)]


def grown(tiles, upto):
    tree = tiles.state.tree.extend(LEAVES[tiles.size : upto])
    tiles.append(LEAVES[tiles.size : upto])
    tiles.save(TileState(tree.size, [h.hex() for h in tree.hashes], 1, 0, 0, doubtful=False))


def proves_all(tiles):
    size = tiles.size
    root = merkle.root_of(LEAVES[:size])
    for index in random.sample(range(size), min(size, 20)):
        merkle.verify_inclusion(LEAVES[index], index, size, tiles.inclusion(index, size), root)
        assert tiles.leaf(index) == LEAVES[index]
    for old in random.sample(range(1, size + 1), min(size, 20)):
        assert tiles.root(old) == merkle.root_of(LEAVES[:old])
        merkle.verify_consistency(old, tiles.root(old), size, root, tiles.consistency(old, size))


@pytest.mark.parametrize("steps", [[1, 2, 3, 255, 256, 257, 600], [1500], [512, 513, 1024, 1500], [300, 700, 1111]])
def test_it_grows_in_any_steps_opened_again_or_not(tmp_path, steps):
    tiles = Tiles(tmp_path)
    for number, upto in enumerate(steps):
        grown(tiles, upto)
        if number % 2:
            tiles = Tiles(tmp_path)
        proves_all(tiles)
    partial = [path for path in tmp_path.rglob("*.p/*") if path.is_file()]
    assert len(partial) <= 2  # of each level the newest only


def test_what_was_written_and_not_counted_is_written_again(tmp_path):
    grown(Tiles(tmp_path), 300)
    crashed = Tiles(tmp_path)
    crashed.append(LEAVES[300:900])  # and then it died
    again = Tiles(tmp_path)
    assert again.size == 300
    proves_all(again)
    grown(again, 1500)
    proves_all(again)


def test_a_root_that_a_damaged_tile_leads_to_is_not_given(tmp_path):
    tiles = Tiles(tmp_path)
    grown(tiles, 600)
    file = tmp_path / Tile(0, 1).path
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    damaged = Tiles(tmp_path)
    with pytest.raises(DamagedTiles, match=r"are damaged .*`registry log tiles build --rebuild`"):
        damaged.root(300)
    for size in (256, 600):  # which that tile is not needed for
        assert damaged.root(size) == merkle.root_of(LEAVES[:size])


def test_a_missing_tile_is_told_and_a_larger_tree_than_there_is(tmp_path):
    tiles = Tiles(tmp_path)
    grown(tiles, 600)
    (tmp_path / Tile(0, 1).path).unlink()
    with pytest.raises(DamagedTiles, match="tile/0/001"):
        Tiles(tmp_path).inclusion(300, 600)
    with pytest.raises(InvalidProof, match="cover 600"):
        tiles.root(601)


def test_they_follow_a_stream_and_begin_again_where_governance_makes_another_of_it(tmp_path):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published)
    for _ in range(3):
        early = twente.head
        twente.seal(*[twente.issue(achievement, new_id())[1] for _ in range(100)])
    tiles = Tiles(tmp_path / "twente")
    assert follow(tiles, consortium.log(), "twente", governed(consortium)) == 301
    assert tiles.root(301) == twente.tree.root
    assert follow(tiles, consortium.log(), "twente", governed(consortium)) == 0

    retired = MemberKeyRetired("twente", str(twente.signers[0].vkey), early, "compromised")
    consortium.seal(consortium.line("member.key.retired.v1", "twente", retired))
    follow(tiles, consortium.log(), "twente", governed(consortium))
    assert tiles.size == early.size == 201

    governance = Tiles(tmp_path / "governance")
    follow(governance, consortium.log(), "governance", governed(consortium))
    assert governance.root(governance.size) == consortium.tree.root


def governed(consortium):
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.log().records("governance"):
        fold.take(record.data)
    return fold
