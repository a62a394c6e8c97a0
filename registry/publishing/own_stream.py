"""The node's own stream as the log verifiably holds it, judged as every other reader judges it."""

from collections.abc import Callable, Mapping
from typing import Final

from registry.log import SharedLog
from registry.publishing.commit_store import CommitStore, StoredCommit
from registry.publishing.errors import ForeignCommits
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree

_BEGINNING_BYTES: Final = 64 * 1024

Counts = Callable[[Commit], bool]
"""A function that returns whether a commit counts for this stream, by its signatures and anchors in governance."""


class OwnStream:
    """One member's stream on the log."""

    def __init__(self, log: SharedLog, stream: str, origin: str, counts: Counts) -> None:
        self._log = log
        self._stream = stream
        self._origin = origin
        self._counts = counts

    def still_ends_with(self, newest: StoredCommit, store: CommitStore) -> bool:
        """Return whether the commit last seen at the end of the verified stream is still its end, at the same place.

        It checks that the stream begins with leaf 0; that the commit is where it was, counts, and extends the tree that
        was stored before it; and that the commit before it on the log led to that tree. All else was verified when the
        commit was seen. If this returns False, the stream must be read from leaf 0.
        """
        if not self._begins_with_leaf_0():
            return False
        earlier: Commit | None = None
        base = self._base_of(newest, store)
        for record in self._log.records(self._stream, self._log.seek(self._stream, max(0, base - 1))):
            commit = self._parse(record.data)
            if commit is not None and self._is(commit, newest.size, newest.root):
                if record.next == newest.next:
                    return self._extends(commit, earlier, store)
                if newest.next is None or record.next > newest.next:
                    return False
            if commit is not None:
                earlier = commit
        return False

    def _base_of(self, newest: StoredCommit, store: CommitStore) -> int:
        before = store.before(newest.size)
        return before.size if before is not None else 0

    def _extends(self, commit: Commit, earlier: Commit | None, store: CommitStore) -> bool:
        before = store.at(commit.base) if commit.base else None
        if commit.base and (before is None or before.next is None):
            return False
        tree = before.tree if before is not None else Tree()
        if tree.extend(commit.leaves()).root != commit.checkpoint.root or not self._counts(commit):
            return False
        return not commit.base or earlier is None or self._is(earlier, tree.size, tree.root)

    def _is(self, commit: Commit, size: int, root: bytes) -> bool:
        return (commit.checkpoint.size, commit.checkpoint.root) == (size, root)

    def _begins_with_leaf_0(self) -> bool:
        commits = (self._parse(record.data) for record in self._log.read(self._stream, 0, _BEGINNING_BYTES))
        first = next((commit for commit in commits if commit is not None), None)
        return first is None or first.base == 0

    def follow(
        self, tree: Tree, start: int, stored: Mapping[int, StoredCommit], on_commit: Callable[[int, int], None]
    ) -> tuple[Tree, int, int]:
        """Read on from a verified tree; call `on_commit` with each further commit's size and the position after it.
        Returns the tree, the position after its commit, and the end of the stream. Records that do not count are
        skipped: consumers quarantine them. Raises `ForeignCommits` for a commit that counts and is not `stored`.
        """
        end = self._log.end(self._stream)
        for record in self._log.records(self._stream, start):
            end = max(end, record.next)
            commit = self._parse(record.data)
            if commit is None or commit.base != tree.size:
                continue
            extended = tree.extend(commit.leaves())
            if extended.root != commit.checkpoint.root or not self._counts(commit):
                continue
            row = stored.get(extended.size)
            if row is None or row.root != extended.root:
                raise ForeignCommits(
                    f"the log of {self._stream} has a valid commit to entry {extended.size:,} that this node's database"
                    " does not know. Is the setting `database` right? Otherwise the database was restored from an old"
                    " state, or another node signs as this member. docs/repair.md, under *The database does not know"
                    f" its own log*, says what can be done. What the database knows ends with entry {tree.size:,}."
                )
            tree, start = extended, record.next
            on_commit(extended.size, start)
        return tree, start, end

    def _parse(self, record: bytes) -> Commit | None:
        """Return the commit of this stream in a record; None if it has no such form."""
        try:
            commit = wire.parse(record)
        except MalformedCommit:
            return None
        return commit if commit.checkpoint.origin == self._origin else None
