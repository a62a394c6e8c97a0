"""Hash tiles (C2SP tlog-tiles): a tree's hashes in files of 256, from which any proof takes a few reads.

A tile of level l and index n has the roots of the perfect subtrees of 256^l leaves, from the (256 n)-th on.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from registry.wire.errors import InvalidProof
from registry.wire.merkle import HASH_SIZE, Subtree, node_hash, root_of

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""Hashes in a full tile."""


class Tile(NamedTuple):
    """The place of a tile: its level, its number there, and the count of its hashes (below 256 if it is partial)."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """`tile/<level>/<index in groups of three digits>[.p/<width>]`."""
        return _path(str(self.level), self.number, self.width)

    @property
    def bundle_path(self) -> str:
        """The path of the entries under a tile of level 0."""
        return _path("entries", self.number, self.width)


def _path(level: str, index: int, width: int) -> str:
    groups = f"{index:03}"
    groups = groups.zfill(-(-len(groups) // 3) * 3)
    parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
    name = "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a tree of `size` leaves that a tree of `since` leaves does not have."""
    level = 0
    while count := size >> (HEIGHT * level):
        for index in range((since >> (HEIGHT * level)) // WIDTH, -(-count // WIDTH)):
            tile = Tile(level, index, min(WIDTH, count - index * WIDTH))
            if since >> (HEIGHT * level) < index * WIDTH + tile.width:
                yield tile
        level += 1


ReadTile = Callable[[Tile], bytes]
"""A function that returns a tile's bytes, 32 for each hash. It may read a partial tile from a wider one."""


def subtrees(size: int, read: ReadTile) -> Subtree:
    """Return a `Subtree` over the tiles of a tree of `size` leaves, for `merkle.inclusion_proof` and the like."""

    def subtree(begin: int, end: int) -> bytes:
        roots: list[bytes] = []
        while begin < end:
            # The largest perfect subtree that begins here and does not end after `end`.
            height = min((begin & -begin).bit_length() - 1 if begin else 63, (end - begin).bit_length() - 1)
            roots.append(_perfect(size, read, begin, height))
            begin += 1 << height
        root = roots.pop()
        while roots:
            root = node_hash(roots.pop(), root)
        return root

    return subtree


def _perfect(size: int, read: ReadTile, begin: int, height: int) -> bytes:
    """Return the root of the perfect subtree of 2^height leaves from `begin` on."""
    level = height // HEIGHT
    first, count = begin >> (HEIGHT * level), 1 << (height % HEIGHT)
    index, offset = divmod(first, WIDTH)
    width = min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH)
    hashes = read(Tile(level, index, width))
    if len(hashes) < width * HASH_SIZE:
        raise InvalidProof(f"tile {Tile(level, index, width).path} has {len(hashes)} bytes, not {width * HASH_SIZE}")
    return root_of(split(hashes[offset * HASH_SIZE : (offset + count) * HASH_SIZE]))


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def bundle(lines: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length in two bytes, big-endian."""
    return b"".join([struct.pack(">H", len(line)) + line for line in lines])
