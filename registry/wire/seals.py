"""Proofs of what a status seal states about one credential (SPEC.md, section 13).

A seal is the root over all of a member's credentials that are not active, in the order of their ids' hashes. A
credential's leaf proves that it is among them; the two leaves between which it would be prove that it is not. The
neighbours are hashes, so that the proof does not name anybody else's credential.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from registry.wire.errors import InvalidProof
from registry.wire.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    inclusion_proof,
    leaf_hash,
    subtree_of,
    verify_inclusion,
)
from registry.wire.proof import hashes

STATUSES: Final = frozenset({b"suspended", b"revoked", b"replaced"})


class SealedLeaf(msgspec.Struct, frozen=True):
    """One leaf under the seal: its index, the hash of the id ‖ status in base64, and its path in base64."""

    index: int
    leaf: str
    path: list[str]


class SealProof(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The place of a credential under a seal: `at` a leaf, or between `before` and `after` (absent at the ends).

    `seal` is the receipt of the seal's event (`TlogProof`) as text.
    """

    credential: str
    seal: str
    at: SealedLeaf | None = None
    before: SealedLeaf | None = None
    after: SealedLeaf | None = None
    format: str = "registry seal proof 1"


def key_of(credential: str) -> bytes:
    """Return the 32 bytes with which a credential's leaf begins."""
    return hashlib.sha256(credential.encode()).digest()


def prove(credential: str, seal: str, leaves: Sequence[bytes]) -> SealProof:
    """Return the proof about a credential; `leaves` are all leaves of the seal, in byte order."""
    key = key_of(credential)
    place = _bisect(leaves, key)
    hashed = [leaf_hash(leaf) for leaf in leaves]

    def leaf_at(index: int) -> SealedLeaf | None:
        if not 0 <= index < len(leaves):
            return None
        path = inclusion_proof(index, len(leaves), subtree_of(hashed))
        return SealedLeaf(index, _encode(leaves[index]), [_encode(step) for step in path])

    if place < len(leaves) and leaves[place].startswith(key):
        return SealProof(credential, seal, at=leaf_at(place))
    return SealProof(credential, seal, before=leaf_at(place - 1), after=leaf_at(place))


def _bisect(leaves: Sequence[bytes], key: bytes) -> int:
    low, high = 0, len(leaves)
    while low < high:
        middle = (low + high) // 2
        if leaves[middle][:HASH_SIZE] < key:
            low = middle + 1
        else:
            high = middle
    return low


def verify(proof: SealProof, data: Any) -> str | None:  # noqa: ANN401 - StatusSealed
    """Return the credential's status under the seal whose event has `data`; None if it is not among the sealed ones.

    Raises `InvalidProof`. The seal's own receipt proves that its event is on the log.
    """
    [root] = hashes([data.root])
    key = key_of(proof.credential)
    if proof.at is not None:
        leaf = _check_leaf(proof.at, data.count, root)
        if leaf[:HASH_SIZE] != key:
            raise InvalidProof("the leaf is another credential's")
        if leaf[HASH_SIZE:] not in STATUSES:
            raise InvalidProof("the leaf's status is not one that a seal has")
        return leaf[HASH_SIZE:].decode()
    if proof.before is None and proof.after is None:
        if data.count or root != EMPTY_ROOT:
            raise InvalidProof(f"{data.count} credentials are sealed, and the proof shows none of them")
        return None
    first = 0 if proof.before is None else proof.before.index + 1
    if proof.before is not None and not _check_leaf(proof.before, data.count, root)[:HASH_SIZE] < key:
        raise InvalidProof("the leaf before does not come before this credential")
    if proof.after is None:
        if first != data.count:
            raise InvalidProof("the leaf before is not the last one")
    elif proof.after.index != first:
        raise InvalidProof("the two leaves are not neighbours")
    elif not key < _check_leaf(proof.after, data.count, root)[:HASH_SIZE]:
        raise InvalidProof("the leaf after does not come after this credential")
    return None


def _check_leaf(sealed: SealedLeaf, count: int, root: bytes) -> bytes:
    try:
        leaf = base64.b64decode(sealed.leaf, validate=True)
    except ValueError as error:
        raise InvalidProof("a sealed leaf is not base64") from error
    if len(leaf) <= HASH_SIZE:
        raise InvalidProof("a sealed leaf is too short")
    verify_inclusion(leaf_hash(leaf), sealed.index, count, hashes(sealed.path), root)
    return leaf


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
