"""Proofs step by step: the last step is the root, and each step says what it covers."""

import hashlib

import pytest

from consumers.proofs.steps import consistency_steps, inclusion_steps
from registry.wire.merkle import consistency_proof, inclusion_proof, root_of, subtree_of, verify_consistency

LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(21)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 21])
def test_the_steps_of_every_leaf_lead_to_the_root(size):
    leaves = LEAVES[:size]
    for index, leaf in enumerate(leaves):
        path = inclusion_proof(index, size, subtree_of(leaves))
        steps = inclusion_steps(leaf, index, size, path)
        assert [step.sibling for step in steps] == path
        assert (steps[-1].result if steps else leaf) == root_of(leaves)
        for step in steps:
            assert step.sibling == root_of(leaves[step.sibling_first : step.sibling_last + 1])
            assert step.result == root_of(leaves[step.first : step.last + 1])
            assert (step.side == "left") == (step.sibling_last < index)


def test_a_path_of_another_length_has_no_steps():
    path = inclusion_proof(4, 8, subtree_of(LEAVES[:8]))
    with pytest.raises(ValueError, match="argument"):
        inclusion_steps(LEAVES[4], 4, 8, path[:-1])


@pytest.mark.parametrize("new", [2, 3, 5, 8, 13, 21])
def test_the_steps_between_two_heads_lead_to_both_roots(new):
    for old in range(1, new):
        path = consistency_proof(old, new, subtree_of(LEAVES[:new]))
        roots = root_of(LEAVES[:old]), root_of(LEAVES[:new])
        verify_consistency(old, roots[0], new, roots[1], path)
        start, steps = consistency_steps(old, roots[0], new, path)
        older = [start, *(step.older for step in steps if step.older is not None)]
        newer = [start, *(step.newer for step in steps)]
        assert (older[-1], newer[-1]) == roots
