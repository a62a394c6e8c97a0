"""A Merkle proof step by step, for readers who want to follow it: which hashes are joined, and what comes out.

The steps show what `registry.wire.merkle` verifies in one go. They decide nothing: whether a proof holds is said by
`verify_inclusion` and `verify_consistency`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from registry.wire.merkle import left_size, node_hash


class Step(NamedTuple):
    """One step of an inclusion proof: the hash so far is joined with its sibling."""

    side: str
    """The side on which the sibling is: `left` or `right`."""
    sibling: bytes
    sibling_first: int
    """The first leaf under the sibling."""
    sibling_last: int
    result: bytes
    first: int
    """The first leaf under the result."""
    last: int


def inclusion_steps(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Step]:
    """Return the steps from a leaf hash up to the root of the tree of `size` leaves, lowest first.

    Raises `ValueError` if the path is not as long as the tree is high there.
    """
    places = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + left_size(end - begin)
        if index < middle:
            places.append(("right", middle, end, begin, end))
            end = middle
        else:
            places.append(("left", begin, middle, begin, end))
            begin = middle
    steps, result = [], leaf
    for (side, first, after, begin, end), sibling in zip(reversed(places), path, strict=True):
        result = node_hash(sibling, result) if side == "left" else node_hash(result, sibling)
        steps.append(Step(side, sibling, first, after - 1, result, begin, end - 1))
    return steps


class ConsistencyStep(NamedTuple):
    """One step of a consistency proof: a hash is joined to the newer root, and to the older one if it lies left."""

    side: str
    sibling: bytes
    older: bytes | None
    """The hash so far that leads to the older root; None where this step does not change it."""
    newer: bytes
    """The hash so far that leads to the newer root."""


class ConsistencySteps(NamedTuple):
    """The steps between two heads: the hash that both begin with, and what is joined to it."""

    start: bytes
    steps: list[ConsistencyStep]


def consistency_steps(old: int, old_root: bytes, new: int, path: Sequence[bytes]) -> ConsistencySteps:
    """Return the steps of a proof between trees of `old` and of more leaves that was verified (RFC 9162, 2.1.4.2)."""
    rest = list(path)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    older = newer = rest[0]
    steps = []
    for sibling in rest[1:]:
        joins_older = bool(node & 1) or node == last
        if joins_older:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        node >>= 1
        last >>= 1
        steps.append(
            ConsistencyStep("left" if joins_older else "right", sibling, older if joins_older else None, newer)
        )
    return ConsistencySteps(rest[0], steps)
