"""Receipts from this node's tiles, under a cosigned head if there is one."""

import contextlib
import fcntl
from collections.abc import Iterator
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


@contextlib.contextmanager
def exclusive_tiles(node: Node) -> Iterator[None]:
    """Let one process at a time bring tiles up to date for an answer."""
    folder = node.settings.home / "tiles"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".letters.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
