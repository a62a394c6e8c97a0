"""The tree: every proof for small sizes, and none that was altered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.wire import merkle
from registry.wire.errors import InvalidProof

LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(40)]
ROOTS = [merkle.root_of(LEAVES[:n]) for n in range(41)]


@given(st.lists(st.integers(1, 9), max_size=9))
def test_a_tree_that_grew_by_parts_is_the_tree_of_the_whole(parts):
    tree, size = merkle.Tree(), 0
    for part in parts:
        tree = tree.extend(LEAVES[:part])
        size += part
    whole = [leaf for part in parts for leaf in LEAVES[:part]]
    assert tree == merkle.Tree().extend(whole)
    assert len(tree.hashes) == size.bit_count()


def test_every_inclusion_proof_proves_its_leaf_and_no_other():
    for size in range(1, 41):
        for index in range(size):
            path = merkle.inclusion_proof(index, size, merkle.subtree_of(LEAVES))
            merkle.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
            for wrong in ((path[:-1], index), ([*path, ROOTS[1]], index), (path, index + 1)):
                if size > 1:
                    with pytest.raises(InvalidProof):
                        merkle.verify_inclusion(LEAVES[index], wrong[1], size, wrong[0], ROOTS[size])


def test_every_consistency_proof_proves_its_beginning_and_no_other():
    for new in range(1, 41):
        for old in range(1, new + 1):
            path = merkle.consistency_proof(old, new, merkle.subtree_of(LEAVES))
            merkle.verify_consistency(old, ROOTS[old], new, ROOTS[new], path)
            with pytest.raises(InvalidProof):
                merkle.verify_consistency(old, ROOTS[old - 1], new, ROOTS[new], path)
            with pytest.raises(InvalidProof):
                merkle.verify_consistency(old, ROOTS[old], new, ROOTS[new], [*path, ROOTS[1]])


def test_there_is_no_proof_of_what_is_not_there():
    with pytest.raises(InvalidProof):
        merkle.inclusion_proof(3, 3, merkle.subtree_of(LEAVES))
    with pytest.raises(InvalidProof):
        merkle.consistency_proof(4, 3, merkle.subtree_of(LEAVES))
