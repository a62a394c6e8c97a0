"""Stored events to commits on the shared log: sign once (docs/decisions/0001).

The order of the steps makes a crash harmless, at any line:

1. the node's events are stored (by another process, at any time);
2. they are read in the order in which they were stored, put into commits of at most 256, and the tree is extended;
3. each commit's size, root and range of stored events are written down, unique by size, and committed;
4. only then is it signed, and appended to the log;
5. its place on the log is written down.

At every start, and whenever the stream does not end where this publisher left it, the publisher goes on from what
the log verifiably holds (own_stream.py). Commits that were written down and are not there, or do not count there, are
built again from the same stored events: the same size and root, and by the same key the same bytes, since an Ed25519
signature is always the same. The head to go on from is the last valid extension, never simply the last record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import structlog
from psycopg import Connection

from registry.application.acceptance import Acceptance, NotAccepted
from registry.application.refusals import RefusedCommits
from registry.log import SharedLog
from registry.publishing.commit_builder import COMMITS_AT_ONCE, CommitBuilder
from registry.publishing.commit_store import CommitStore, StoredCommit, UnsignedCommit, WithheldEvent
from registry.publishing.errors import OwnCommitsRefused
from registry.publishing.own_stream import OwnStream
from registry.publishing.published import Published, summarise
from registry.wire import commit as wire
from registry.wire.keys import Signer
from registry.wire.merkle import Tree

_log = structlog.get_logger(__name__)


class Tools(NamedTuple):
    """All that a pass works with; `Publisher` describes each."""

    log: SharedLog
    stream: str
    origin: str
    signers: Sequence[Signer]
    builder: CommitBuilder
    own_stream: OwnStream
    acceptance: Acceptance | None
    own_refusals: Callable[[], RefusedCommits | None]
    step: Callable[[str], None]
    on_committed: Callable[[Sequence[UnsignedCommit]], None]


@dataclass
class Progress:
    """The place that a publisher has reached; passes continue from it."""

    tree: Tree | None = None
    """The tree that the log verifiably holds; None if it must be read from the log."""
    end: int = 0
    """The end of the stream."""
    read: int = 0
    """Notification id up to which stored events are in commits or withheld."""
    answered: tuple[RefusedCommits, int] | None = None
    """The last refusal of the own projector for which the stream was read from leaf 0, and its end then."""


class PublishingPass:
    """One pass over the stored events. `run` may be called again after it failed."""

    def __init__(self, tools: Tools, progress: Progress, connection: Connection) -> None:
        self._tools = tools
        self._progress = progress
        self._connection = connection
        self._store = CommitStore(connection)
        self._read_before = self._store.read_up_to()
        self._appended: list[UnsignedCommit] = []

    def run(self) -> None:
        """Publish what is stored now. Raises errors of the log, `NotAccepted` and `PublisherError`."""
        self._answer_refusals()
        if self._progress.tree is None or self._tools.log.end(self._tools.stream) != self._progress.end:
            self._recover()
        withheld = self._store.withheld()
        commits = self._tools.builder.build_released(self._tree, withheld) if withheld else []
        for at in range(0, len(commits), COMMITS_AT_ONCE):
            self._write_and_append(commits[at : at + COMMITS_AT_ONCE], ())
        while self._publish_next():
            pass

    def summarise(self) -> Published:
        """Return the outcome."""
        return summarise(self._appended, self._tree.size, self._store.withheld(), self._read_before)

    @property
    def _tree(self) -> Tree:
        assert self._progress.tree is not None  # noqa: S101 - `run` recovers it first
        return self._progress.tree

    def _publish_next(self) -> bool:
        """Publish the next stored events; return False if there are none."""
        self._tools.step("read stored events")
        commits, withheld, read = self._tools.builder.build_next(
            self._tree, self._progress.read, self._store.withheld()
        )
        if read == self._progress.read:
            return False
        self._write_and_append(commits, withheld)
        self._progress.read = read
        return True

    def _write_and_append(self, commits: Sequence[UnsignedCommit], withheld: Sequence[WithheldEvent]) -> None:
        self._check(commits)
        for commit in commits:
            # Governance was read again just now: it may have changed since these events were chosen.
            if (refusal := self._refusal(commit)) is not None:
                raise refusal
        self._tools.step("write down")
        with self._connection.transaction():
            # In one transaction: after a crash, events in no commit that are not withheld are read again.
            self._store.write_down(commits, withheld)
            self._tools.step("commit what is written down")
        if withheld:
            _log.warning("publisher.held", stream=self._tools.stream, events=len(withheld), reason=withheld[0].reason)
        if commits:
            self._append(commits)

    def _check(self, commits: Sequence[UnsignedCommit]) -> None:
        """Raise `NotAccepted` where consumers would refuse one of these commits."""
        if self._tools.acceptance is not None:
            keys = [signer.vkey for signer in self._tools.signers]
            for commit in commits:
                self._tools.acceptance.check_commit(commit.before, commit.after, keys)

    def _refusal(self, commit: UnsignedCommit) -> NotAccepted | None:
        """Return why consumers would refuse an event of a commit; None where they would not."""
        if self._tools.acceptance is None:
            return None
        types = {msgspec.json.decode(line, type=_EventType).type for line in commit.lines}
        try:
            self._tools.acceptance.check_events(types, commit.before.size)
        except NotAccepted as refusal:
            return refusal
        return None

    def _append(self, commits: Sequence[UnsignedCommit]) -> None:
        """Sign commits, append them to the log, and write their place down."""
        tools, progress = self._tools, self._progress
        tools.step("sign")
        records = [wire.sign_commit(tools.origin, each.before, each.lines, tools.signers)[0] for each in commits]
        tools.step("append")
        positions = tools.log.append(tools.stream, records, after=progress.end)
        tools.step("note the place")
        [last] = tools.log.read(tools.stream, positions[-1], 1)[:1]
        tree = commits[-1].after
        progress.tree, progress.end = tree, last.next
        self._store.mark_appended(tree.size, progress.end)
        _log.info(
            "publisher.committed",
            stream=tools.stream,
            size=tree.size,
            commits=len(commits),
            events=sum(len(commit.lines) for commit in commits),
            first=_id_of(commits[0].lines[0]),
            last=_id_of(commits[-1].lines[-1]),
        )
        tools.on_committed(commits)
        self._appended += commits

    # After a start, and after anything failed

    def _answer_refusals(self) -> None:
        """If this node's own projector refuses commits of it, publish again those that do not count, or stop.

        The stream is read from leaf 0 once for each refusal and end of the stream. While the projector has not read
        all of it, its refusal is about an earlier state of the stream, and publishing goes on.
        """
        refused = self._tools.own_refusals()
        progress = self._progress
        if refused is None:
            progress.answered = None
            return
        end = self._tools.log.end(self._tools.stream)
        answered = progress.answered
        if answered is None or not answered[0].is_same(refused) or end not in (answered[1], progress.end):
            self._reconcile()
            progress.answered = refused, progress.end
        if refused.read < progress.end:
            return
        raise OwnCommitsRefused(
            f"this node's own reading of the log refuses what it published: {refused.detail}. Publishing again changes"
            " nothing; nothing further was published"
        )

    def _recover(self) -> None:
        """Find the head to go on from; append to the log what was written down and is not there."""
        self._tools.step("recover")
        newest = self._store.newest_on_log()
        if newest is not None and not self._tools.own_stream.still_ends_with(newest, self._store):
            # The log has changed: cut, replaced, restored from a copy, or the commit no longer counts.
            self._reconcile()
            return
        tree, start = (newest.tree, newest.next or 0) if newest is not None else (Tree(), 0)
        missing = self._store.not_on_log()
        tree, _, self._progress.end = self._tools.own_stream.follow(tree, start, missing, self._store.mark_on_log)
        self._append_missing(tree, [commit for size, commit in missing.items() if size > tree.size])

    def _reconcile(self) -> None:
        """Read the whole stream: what counts there must be ours, and what it lacks of ours is appended again."""
        stored = self._store.all()
        with self._connection.transaction():
            tree, start, self._progress.end = self._tools.own_stream.follow(Tree(), 0, stored, lambda *_: None)
            self._store.mark_exactly(tree.size, start)
        missing = [commit for size, commit in stored.items() if size > tree.size]
        _log.warning("publisher.log_is_another", stream=self._tools.stream, size=tree.size, lacking=len(missing))
        self._append_missing(tree, missing)

    def _append_missing(self, tree: Tree, missing: Sequence[StoredCommit]) -> None:
        """Go on from a verified tree, after appending what the log lacks.

        A stored commit may have been signed, so no other commit may ever take its place. If consumers refuse its events
        by now, it is published nevertheless, and reported.
        """
        for at in range(0, len(missing), COMMITS_AT_ONCE):
            commits = self._tools.builder.build_again(tree, missing[at : at + COMMITS_AT_ONCE], self._store)
            self._check(commits)
            commits = [commit._replace(refused=str(self._refusal(commit) or "")) for commit in commits]
            _log.warning("publisher.made_again", stream=self._tools.stream, commits=len(commits))
            self._append(commits)
            tree = commits[-1].after
        self._progress.tree, self._progress.read = tree, self._store.read_up_to()


class _EventType(msgspec.Struct):
    type: str


class _EventId(msgspec.Struct):
    id: str


def _id_of(line: bytes) -> str:
    """Return the id of an event, as everybody reads it on the log."""
    return msgspec.json.decode(line, type=_EventId).id
