"""Hash tiles: where they are, and that every proof from them is the tree's own."""

import pytest

from registry.wire import merkle
from registry.wire.errors import InvalidProof
from registry.wire.tiles import Tile, subtrees, tiles_of

LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(70_000)]


def stored(size):
    """All tiles of a tree, made from the definition: each hash the root of 256^level leaves."""
    found = {}
    for tile in tiles_of(size):
        step = 256**tile.level
        first = tile.number * 256
        found[tile] = b"".join(
            merkle.root_of(LEAVES[(first + n) * step : (first + n + 1) * step]) for n in range(tile.width)
        )
    return found


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(1, 1000, 17), "tile/1/x001/000.p/17"),
    ],
)
def test_a_tile_has_its_place(tile, path):
    assert tile.path == path


def test_a_tree_of_70000_leaves_has_the_tiles_that_the_standard_counts():
    tiles = list(tiles_of(70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert [t for t in tiles if t.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]


def test_what_is_new_since_a_smaller_tree_and_what_was_there_make_the_whole():
    for old, new in ((0, 300), (255, 256), (256, 257), (300, 301), (512, 70_000), (65_536, 65_537)):
        fresh, before, whole = set(tiles_of(new, old)), set(tiles_of(old)), set(tiles_of(new))
        assert fresh <= whole
        assert whole <= fresh | before
        assert not {tile for tile in before & fresh if tile.width == 256}


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 513, 65_536, 65_537, 70_000])
def test_proofs_from_tiles_are_those_of_the_tree(size):
    tiles = stored(size)
    subtree = subtrees(size, tiles.__getitem__)
    root = merkle.root_of(LEAVES[:size])
    assert subtree(0, size) == root
    for index in {0, size // 3, size - 1}:
        path = merkle.inclusion_proof(index, size, subtree)
        merkle.verify_inclusion(LEAVES[index], index, size, path, root)
    for old in {1, size // 2, size - 1} - {0}:
        path = merkle.consistency_proof(old, size, subtree)
        merkle.verify_consistency(old, merkle.root_of(LEAVES[:old]), size, root, path)


def test_a_tile_that_is_too_short_is_told():
    with pytest.raises(InvalidProof, match=r"tile/0/001\.p/44"):
        subtrees(300, lambda _: b"x" * 32)(0, 300)
