"""The Merkle tree of RFC 6962, section 2, over SHA-256 (RFC 9162 hashes in the same way).

A verifier keeps a `Tree`: the size and the compact range, one hash for every one-bit of the size.
A commit's leaves extend it level by level, which makes it cheap to verify a history again: one call of the hash for
each leaf, about one more for the nodes above it, and two list comprehensions per level in Python.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from registry.wire.errors import InvalidProof

HASH_SIZE = 32
MAX_SIZE = 2**63

_sha256 = hashlib.sha256
EMPTY_ROOT = _sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ data), 32 bytes."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), 32 bytes."""
    return _sha256(b"\x01" + left + right).digest()


def leaf_hashes(lines: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hashes of a commit's events."""
    return [_sha256(b"\x00" + line).digest() for line in lines]


class Tree:
    """A tree's size and compact range, which suffice to extend it and to compute its root.

    `hashes` are the roots of the perfect subtrees into which the leaves divide, largest (leftmost) first: as many as
    `size` has one-bits. A tree is immutable: `extend` returns another one.
    """

    __slots__ = ("_root", "hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(hashes):
            raise InvalidProof(f"a tree of {size} leaves has {size.bit_count()} subtrees, not {len(hashes)}")
        self.size = size
        self.hashes = tuple(hashes)
        self._root: bytes | None = None

    def extend(self, leaves: Sequence[bytes]) -> "Tree":
        """Return the tree with these leaf hashes appended."""
        left = list(self.hashes)  # taken from the end: the smallest subtree is the last
        size = self.size
        hashes: list[bytes] = []  # smallest first
        level = list(leaves)
        while size or level:
            if size & 1:
                level.insert(0, left.pop())
            if len(level) & 1:
                hashes.append(level.pop())
            pairs = iter(level)
            level = [_sha256(b"\x01" + a + b).digest() for a, b in zip(pairs, pairs, strict=True)]
            size >>= 1
        hashes.reverse()
        return Tree(self.size + len(leaves), hashes)

    @property
    def root(self) -> bytes:
        """The root hash, 32 bytes; of the empty tree, SHA-256 of nothing."""
        if self._root is None:
            self._root = _fold(self.hashes)
        return self._root

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and (self.size, self.hashes) == (other.size, other.hashes)

    def __hash__(self) -> int:
        return hash((self.size, self.hashes))

    def __repr__(self) -> str:
        return f"Tree(size={self.size}, root={self.root.hex()[:16]}…)"


def _fold(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes (not over the leaves' data)."""
    return Tree().extend(leaves).root


def left_size(size: int) -> int:
    """Return how many of `size` leaves are in the left subtree: the largest smaller power of two (RFC 6962's k)."""
    return 1 << ((size - 1).bit_length() - 1)


Subtree = Callable[[int, int], bytes]
"""A function that returns the root over leaves [begin, end), wherever the hashes are stored."""


def subtree_of(leaves: Sequence[bytes]) -> Subtree:
    """Return a `Subtree` over leaf hashes in memory."""
    return lambda begin, end: root_of(leaves[begin:end])


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1), lowest first.

    Raises `InvalidProof` where the index is not in the tree.
    """
    if not 0 <= index < size:
        raise InvalidProof(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + left_size(end - begin)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(begin, middle))
            begin = middle
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise `InvalidProof` unless the path proves that the leaf hash is at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size < MAX_SIZE:
        raise InvalidProof(f"leaf {index} is not in a tree of {size}")
    _check_hashes(leaf, root, *path)
    node, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise InvalidProof("the path is longer than the tree is high")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise InvalidProof("the path is shorter than the tree is high")
    if computed != root:
        raise InvalidProof(f"leaf {index} is not in the tree of {size} with this root")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise InvalidProof(f"a hash does not have {HASH_SIZE} bytes")


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962, 2.1.2).

    Raises `InvalidProof` unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise InvalidProof(f"no consistency proof leads from {old} leaves to {new}")
    path: list[bytes] = []
    begin, end = 0, new
    while end != old:
        middle = begin + left_size(end - begin)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(begin, middle))
            begin = middle
    if begin:  # otherwise the old tree is itself a subtree, whose root the verifier has
        path.append(subtree(begin, end))
    path.reverse()
    return path


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raise `InvalidProof` unless the path proves that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new < MAX_SIZE:
        raise InvalidProof(f"a tree of {new} leaves does not begin with one of {old}")
    _check_hashes(*([] if old == new else [old_root, new_root]), *path)
    if old in (0, new):
        if path:
            raise InvalidProof("there is a path where nothing is to be proved")
        if old == new and old_root != new_root:
            raise InvalidProof(f"two roots for {old} leaves")
        if old == 0 and old_root != EMPTY_ROOT:
            raise InvalidProof("this is not the root of the empty tree")
        return
    rest = list(path)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    if not rest:
        raise InvalidProof("the path is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    from_old = from_new = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise InvalidProof("the path is longer than the tree is high")
        if node & 1 or node == last:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            from_new = node_hash(from_new, sibling)
        node >>= 1
        last >>= 1
    if last or from_old != old_root or from_new != new_root:
        raise InvalidProof(f"the tree of {new} leaves does not begin with the one of {old}")
