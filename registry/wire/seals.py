"""What a status seal says of one credential, as a proof (SPEC.md, section 13).

A seal is the root over all of a member's credentials that are not active, in the order of their ids' hashes.
That one is among them is shown by its leaf; that it is not, by the two leaves between which it would stand.
The neighbours are told by hashes, so that the proof names nobody else's credential.
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
    """One leaf under the seal: its index, hash of the id ‖ status in base64, and its path in base64."""

    index: int
    leaf: str
    path: list[str]


class SealProof(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a credential stands under a seal: `at` it, or between `before` and `after` (absent at the ends).

    `seal` is the receipt of the seal's event (`TlogProof`) as text.
    """

    credential: str
    seal: str
    at: SealedLeaf | None = None
    before: SealedLeaf | None = None
    after: SealedLeaf | None = None
    format: str = "registry seal proof 1"


def key_of(credential: str) -> bytes:
    """The 32 bytes that a credential's leaf begins with."""
    return hashlib.sha256(credential.encode()).digest()


def prove(credential: str, seal: str, leaves: Sequence[bytes]) -> SealProof:
    """The proof about a credential; `leaves` are all that were sealed, in byte order."""
    key = key_of(credential)
    place = _bisect(leaves, key)
    hashed = [leaf_hash(leaf) for leaf in leaves]

    def told(index: int) -> SealedLeaf | None:
        if not 0 <= index < len(leaves):
            return None
        path = inclusion_proof(index, len(leaves), subtree_of(hashed))
        return SealedLeaf(index, _encode(leaves[index]), [_encode(step) for step in path])

    if place < len(leaves) and leaves[place].startswith(key):
        return SealProof(credential, seal, at=told(place))
    return SealProof(credential, seal, before=told(place - 1), after=told(place))


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
    """The status under a seal whose event's data is `data`; None: it was none of the sealed ones.

    Raises `InvalidProof`. Whether the seal's event is on the log is shown by its own receipt.
    """
    [root] = hashes([data.root])
    key = key_of(proof.credential)
    if proof.at is not None:
        leaf = _checked(proof.at, data.count, root)
        if leaf[:HASH_SIZE] != key:
            raise InvalidProof("the leaf is another credential's")
        if leaf[HASH_SIZE:] not in STATUSES:
            raise InvalidProof("the leaf's status is none that is sealed")
        return leaf[HASH_SIZE:].decode()
    if proof.before is None and proof.after is None:
        if data.count or root != EMPTY_ROOT:
            raise InvalidProof(f"{data.count} credentials are sealed, and the proof shows none of them")
        return None
    first = 0 if proof.before is None else proof.before.index + 1
    if proof.before is not None and not _checked(proof.before, data.count, root)[:HASH_SIZE] < key:
        raise InvalidProof("the leaf before does not come before this credential")
    if proof.after is None:
        if first != data.count:
            raise InvalidProof("the leaf before is not the last one")
    elif proof.after.index != first:
        raise InvalidProof("the two leaves are not neighbours")
    elif not key < _checked(proof.after, data.count, root)[:HASH_SIZE]:
        raise InvalidProof("the leaf after does not come after this credential")
    return None


def _checked(told: SealedLeaf, count: int, root: bytes) -> bytes:
    try:
        leaf = base64.b64decode(told.leaf, validate=True)
    except ValueError as error:
        raise InvalidProof("a sealed leaf is not base64") from error
    if len(leaf) <= HASH_SIZE:
        raise InvalidProof("a sealed leaf is too short")
    verify_inclusion(leaf_hash(leaf), told.index, count, hashes(told.path), root)
    return leaf


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
