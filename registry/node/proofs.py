"""Receipts from this node's tiles, under a cosigned head if there is one."""

from datetime import UTC, datetime

from consumers.proofs import receipts
from consumers.proofs.tiles import Tiles
from consumers.witness.policy import PolicyUnmet
from registry.log import origin_of
from registry.node.node import Node
from registry.wire.checkpoint import SignedNote
from registry.wire.proof import TlogProof


def create_proof(node: Node, stream: str, tiles: Tiles, leaf: int) -> TlogProof:
    """Return the receipt of a leaf, under a cosigned head if there is one."""
    return receipts.make(node.log(), stream, tiles, leaf, cosigned_head(node, stream, tiles, leaf))


def cosigned_head(node: Node, stream: str, tiles: Tiles, leaf: int) -> SignedNote | None:
    """Return the newest cosigned head over a leaf. Raises `PolicyUnmet` if the policy requires more."""
    policy = node.policy()
    note = node.cosignatures().newest(origin_of(node.settings.consortium, stream), tiles.size)
    usable = (
        note is not None and note.checkpoint.size > leaf and tiles.root(note.checkpoint.size) == note.checkpoint.root
    )
    if not usable or note is None:
        if policy.needed:
            raise PolicyUnmet(
                f"no cosigned head of {stream} covers leaf {leaf} yet; `registry witness request` asks for one"
            )
        return None
    policy.check(note, datetime.now(UTC))
    return note
