"""Two heads of one log, and the proof that the newer begins with the older: made from the tiles, checked offline.

A contradiction between two heads is never proved by this: where none of the two begins with the other, both signed
notes are the evidence (`registry audit compare`, a witness's `caught`).
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
    """The signed head of a size that the stream passed through. Raises `NoReceipt`, naming the heads around it."""
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
    """The proof between two heads of a stream (else up to its newest); it is checked before it leaves."""
    older = head_at(log, stream, tiles, old)
    newer = head_at(log, stream, tiles, tiles.size if new is None else new)
    size = newer.checkpoint.size
    path = tiles.consistency(old, size) if old < size else []
    proof = ConsistencyProof(tuple(path), older, newer)
    proof.verify()
    return proof


def verify(proof: ConsistencyProof, governance: GovernanceFold) -> bool:
    """Check both heads and the path under governance. Raises `InvalidProof` where it proves nothing.

    Return whether the newer head rests on retired keys: then only a witness can say that it is the member's own. The
    older head needs no such look: a newer head of the member's own that begins with it makes it the member's own.
    """
    proof.verify()
    rests = False
    for note in (proof.old, proof.new):
        head = note.checkpoint
        consortium, slash, member = head.origin.partition("/")
        if head.origin == governance.state.consortium:
            # Governance's own heads are told from its leaves, which are here.
            if head.size > governance.size or root_of(governance.leaves[: head.size]) != head.root:
                raise InvalidProof(f"governance as it is here has no such head of {head.size} events")
            continue
        record = governance.state.members.get(member)
        if consortium != governance.state.consortium or not slash or record is None:
            raise InvalidProof(f"{head.origin[:80]!r} is no member's log as governance has it")
        rests = rests_on_retired_keys(head.size, record, signed_by(note, record))  # the newer head comes last
    return rests
