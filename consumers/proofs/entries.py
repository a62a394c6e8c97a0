"""Entries and heads of one stream, read from their places in the log, and compared with governance and the tiles.

Each question reads a limited number of records, whatever else is on the log.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from consumers.proofs.receipts import NoReceipt, commits_from
from consumers.proofs.tiles import Tiles
from consumers.streams.verifier import Trust, find_refusal
from registry.log import SharedLog
from registry.wire.commit import Commit
from registry.wire.keys import VerifierKey

_MAX_COMMITS: Final = 500
"""Commits that one question reads. Positions are found by bisection, so that a few are enough on any honest stream."""


class CommitPart(NamedTuple):
    """The entries of one commit that belong to a page."""

    commit: Commit
    first: int
    """The first entry of the part."""
    lines: Sequence[bytes]


class StreamEntries:
    """Reads the accepted commits of one stream, as far as its tiles reach."""

    def __init__(self, log: SharedLog, stream: str, tiles: Tiles, trust: Trust) -> None:
        """`trust` says under governance as it is now which signatures count."""
        self.tiles = tiles
        self._log = log
        self._stream = stream
        self._trust = trust

    def commit_of(self, leaf: int) -> Commit:
        """Return the commit that brought a leaf. Raises `NoReceipt`."""
        for commit in self._read_accepted(leaf):
            if commit.base <= leaf:
                return commit
        raise NoReceipt(f"entry {leaf} of {self._stream} is not on this log")

    def head_at(self, size: int) -> Commit:
        """Return the commit whose head has this size. Raises `NoReceipt`, which names the sizes around it."""
        commit = self.commit_of(size - 1)
        base, next_size = commit.base, commit.checkpoint.size
        if next_size != size:
            raise NoReceipt(
                f"no head of {self._stream} has {size} entries; those around it have {base} and {next_size}"
            )
        return commit

    def page(self, first: int, end: int) -> list[CommitPart]:
        """Return the entries from `first` up to before `end`, by commit, in their order."""
        parts: list[CommitPart] = []
        for commit in self._read_accepted(first):
            if first >= end or commit.base > first:
                break
            if first < commit.checkpoint.size:
                stop = min(end, commit.checkpoint.size)
                parts.append(CommitPart(commit, first, commit.lines[first - commit.base : stop - commit.base]))
                first = stop
        return parts

    def keys_of(self, commit: Commit) -> list[VerifierKey]:
        """Return the keys that count for a commit and signed it."""
        keys, _ = self._trust.keys_for(commit)
        return [key for key, _ in commit.note.by(keys)]

    def _read_accepted(self, leaf: int) -> Iterator[Commit]:
        """Yield the commits around a leaf and after it that governance lets count and that the tiles hold."""
        for commit in itertools.islice(commits_from(self._log, self._stream, leaf), _MAX_COMMITS):
            size = commit.checkpoint.size
            if leaf < size <= self.tiles.size and find_refusal(self._trust, commit) is None and self._holds(commit):
                yield commit

    def _holds(self, commit: Commit) -> bool:
        """Return whether the tree has this head and these entries: the root of a head says nothing of its lines."""
        return commit.checkpoint.root == self.tiles.root(commit.checkpoint.size) and all(
            self.tiles.leaf(leaf) == leaf_hash for leaf, leaf_hash in enumerate(commit.leaves(), commit.base)
        )
