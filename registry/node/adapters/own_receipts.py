"""Receipts of many of this member's own events, for which the log is read once."""

from functools import cached_property

from consumers.proofs import receipts
from consumers.proofs.tiles import Tiles
from registry.node.node import Node
from registry.node.proofs import cosigned_head, exclusive_tiles
from registry.wire.checkpoint import SignedNote
from registry.wire.commit import Commit
from registry.wire.merkle import leaf_hash
from registry.wire.proof import TlogProof


class OwnReceipts:
    """Makes receipts under the head that the log has when the first is made. For one thread."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stream = node.settings.member
        self._commit: Commit | None = None

    @cached_property
    def _tiles(self) -> Tiles:
        with exclusive_tiles(self._node):
            return self._node.tiles(self._stream, self._node.governance())

    def create(self, leaf: int) -> TlogProof:
        """Return the receipt of a leaf. Raises `NoReceipt`, `PolicyUnmet` and the log's errors."""
        node, tiles = self._node, self._tiles
        note = cosigned_head(node, self._stream, tiles, leaf) or self._newest_head
        return receipts.make(node.log(), self._stream, tiles, leaf, note, self._find_line(leaf))

    @cached_property
    def _newest_head(self) -> SignedNote:
        return receipts.head_of(self._node.log(), self._stream, self._tiles)

    def _find_line(self, leaf: int) -> bytes | None:
        """Return the event of a leaf from the commit that was read last, or from the next; None where it is not there.

        A term's credentials are in few commits.
        """
        if leaf >= self._tiles.size:
            return None
        if not _covers(self._commit, leaf):
            self._commit = next(iter(receipts.commits_from(self._node.log(), self._stream, leaf)), None)
        if self._commit is None or not _covers(self._commit, leaf):
            return None
        line = self._commit.lines[leaf - self._commit.base]
        return line if leaf_hash(line) == self._tiles.leaf(leaf) else None


def _covers(commit: Commit | None, leaf: int) -> bool:
    return commit is not None and commit.base <= leaf < commit.checkpoint.size
