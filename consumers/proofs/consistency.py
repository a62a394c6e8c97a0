"""Consistency proofs: that the newer of two heads of a log begins with the older. Made from tiles, checked offline.

They never prove a contradiction between two heads: if neither begins with the other, both signed notes are the
evidence (`registry audit compare`, a witness's `caught`).
"""

from consumers.governance.governance import GovernanceFold
from consumers.proofs.receipts import NoReceipt, commits_from, head_of, rests_on_retired_keys, signed_by
from consumers.proofs.tiles import Tiles
from registry.log import SharedLog
from registry.wire.checkpoint import SignedNote
from registry.wire.consistency import ConsistencyProof
from registry.wire.errors import InvalidProof
from registry.wire.merkle import root_of


def head_at(log: SharedLog, stream: str, tiles: Tiles, size: int) -> SignedNote:
    """Return the stream's signed head of a size. Raises `NoReceipt`, which names the heads around it."""
    if size == tiles.size:
        return head_of(log, stream, tiles)
    if not 0 < size < tiles.size:
        raise NoReceipt(f"{stream} has heads from 1 to {tiles.size} events, and none of {size}")
    root, before = tiles.root(size), 0
    for commit in commits_from(log, stream, size - 1):
        head = commit.checkpoint
        if (head.size, head.root) == (size, root):
            return commit.note
        if head.size > size and commit.base < size:
            raise NoReceipt(f"no head of {stream} is of {size} events; those around it are {commit.base}, {head.size}")
        before = head.size
    raise NoReceipt(f"no head of {stream} at {size} is on this log (the last one before it: {before})")


def make(log: SharedLog, stream: str, tiles: Tiles, old: int, new: int | None = None) -> ConsistencyProof:
    """Make the proof between two heads of a stream (`new`: None for its newest), and check it."""
    older = head_at(log, stream, tiles, old)
    newer = head_at(log, stream, tiles, tiles.size if new is None else new)
    size = newer.checkpoint.size
    path = tiles.consistency(old, size) if old < size else []
    proof = ConsistencyProof(tuple(path), older, newer)
    proof.verify()
    return proof


def verify(proof: ConsistencyProof, governance: GovernanceFold) -> bool:
    """Check both heads and the path under governance. Raises `InvalidProof` if it proves nothing.

    Returns true if the newer head rests on retired keys: then only a witness can say that it is the member's own. The
    older head needs no such check: a newer head of the member's own that begins with it makes it the member's own.
    """
    proof.verify()
    rests = False
    for note in (proof.old, proof.new):
        head = note.checkpoint
        consortium, slash, member = head.origin.partition("/")
        if head.origin == governance.state.consortium:
            # Governance's own heads are checked against its leaves, which are here.
            if head.size > governance.size or root_of(governance.leaves[: head.size]) != head.root:
                raise InvalidProof(f"governance as it is here has no such head of {head.size} events")
            continue
        record = governance.state.members.get(member)
        if consortium != governance.state.consortium or not slash or record is None:
            raise InvalidProof(f"{head.origin[:80]!r} is not a member's log as governance has it")
        rests = rests_on_retired_keys(head.size, record, signed_by(note, record))  # the newer head comes last
    return rests
