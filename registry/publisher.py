"""Stored events to commits on the shared log: sign once (DESIGN.md, Decision 1).

The order of things is what makes a crash harmless, at any line:

1. the node's events are stored (by somebody else, at any time);
2. they are read in the order of their commit, put into commits of at most 256, and the tree is extended;
3. each commit's size, root and range of stored events are written down, unique by size, and committed;
4. only then is it signed, and appended to the log;
5. where it stands on the log is written down.

After a crash the log is read from the last commit that was seen there. Commits that were written down and are
not there are made again from the same stored events: the same bytes, since Ed25519 signs alike. The head to go
on from is the last valid extension, never simply the last record.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Connection, sql

from registry.log import LogError, SharedLog
from registry.translation import Stored, Translator
from registry.wire import commit as wire
from registry.wire.commit import MAX_COMMIT, Commit
from registry.wire.errors import MalformedCommit
from registry.wire.keys import Signer
from registry.wire.merkle import HASH_SIZE, Tree, leaf_hashes

_log = structlog.get_logger(__name__)

PER_COMMIT: Final = 256
AT_ONCE: Final = 32
"""Commits that are written down, signed and appended together where there is a backlog."""
_HEAD_ROOM: Final = 32 * 1024
"""What a commit's checkpoint and signatures take at most, beside its events."""


class PublisherError(Exception):
    """The publisher cannot go on. The message says why and what to do."""


class AnotherPublisher(PublisherError):
    """Another process publishes this node's events."""


class ForeignCommits(PublisherError):
    """The log holds valid commits of this member that this node's store does not know."""


class StoreChanged(PublisherError):
    """Events that were written down as committed are no longer what they were."""


class Published(NamedTuple):
    """What a pass came to, and the tree size it left."""

    events: int
    commits: int
    size: int


class _Row(NamedTuple):
    """A commit as it was written down."""

    size: int
    root: bytes
    hashes: bytes
    first: int
    last: int
    next: int | None

    @property
    def tree(self) -> Tree:
        return Tree(self.size, [self.hashes[i : i + HASH_SIZE] for i in range(0, len(self.hashes), HASH_SIZE)])


class _Draft(NamedTuple):
    """A commit that is written down and not signed yet."""

    before: Tree
    after: Tree
    lines: list[bytes]
    first: int
    last: int


Counts = Callable[[Commit], bool]
"""Whether a commit's signatures count for this stream: governance knows, the composition root asks it."""


class Publisher:
    """Publishes one node's events to its stream."""

    def __init__(
        self,
        recorder: PostgresApplicationRecorder,
        dsn: str,
        log: SharedLog,
        stream: str,
        origin: str,
        signers: Sequence[Signer],
        *,
        counts: Counts | None = None,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`signers` sign each commit; `step` is told each step's name before it is taken (tests stop there)."""
        self._recorder = recorder
        self._dsn = dsn
        self._log = log
        self._stream = stream
        self._origin = origin
        self._signers = list(signers)
        self._counts = counts or self._signed_by_us
        self._translator = Translator(origin)
        self._step = step
        self._tree: Tree | None = None
        self._read = 0
        """Notification id up to which stored events are in commits."""

    @contextlib.contextmanager
    def session(self) -> Iterator["Session"]:
        """Be this node's publisher. Raises `AnotherPublisher` or `WriterBusy` where somebody else is."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(hashtext('registry.publisher'))").fetchone()
            if row is None or not row[0]:
                raise AnotherPublisher("another process publishes this node's events; stop it, or let it do the work")
            with self._log.writer(self._stream):
                self._tree = None  # another process may have published since
                yield Session(self, connection)

    def publish_pending(self) -> Published:
        """Publish all that is stored."""
        with self.session() as session:
            return session.publish()

    # One pass

    def pass_over(self, connection: Connection) -> Published:
        """Publish what is stored now; the caller holds the session."""
        try:
            if self._tree is None:
                events, commits = self._recover(connection)
            else:
                events, commits = 0, 0
            while drafts := self._drafts():
                self._write_down(connection, drafts)
                self._put(connection, drafts)
                events += sum(len(draft.lines) for draft in drafts)
                commits += len(drafts)
        except BaseException:
            self._tree = None  # whatever was under way: look at the log again before going on
            raise
        assert self._tree is not None  # noqa: S101 - recovered above
        return Published(events, commits, self._tree.size)

    def _drafts(self) -> list[_Draft]:
        """The next commits, from stored events that are in none yet."""
        drafts: list[_Draft] = []
        before = -1
        while not drafts and self._read != before:  # what is not published may fill a whole read, as cases do
            before = self._read
            drafts = self._read_on()
        return drafts

    def _read_on(self) -> list[_Draft]:
        self._step("read stored events")
        notifications = self._recorder.select_notifications(self._read, PER_COMMIT * AT_ONCE, inclusive_of_start=False)
        drafts: list[_Draft] = []
        assert self._tree is not None  # noqa: S101 - recovered before
        tree, size, first = self._tree, 0, 0
        lines: list[bytes] = []
        last = self._read

        def close() -> None:
            nonlocal tree, lines, size
            if lines:
                after = tree.extend(leaf_hashes(lines))
                drafts.append(_Draft(tree, after, lines, first, last))
                tree, lines, size = after, [], 0

        for notification in notifications:
            line = self._line(notification)
            if line is not None:
                if len(lines) == PER_COMMIT or size + len(line) + 1 > MAX_COMMIT - _HEAD_ROOM:
                    close()
                if not lines:
                    first = int(notification.id)
                lines.append(line)
                size += len(line) + 1
            last = int(notification.id)
        close()
        self._read = last
        return drafts

    def _line(self, notification: Any) -> bytes | None:  # noqa: ANN401 - the library's Notification
        return self._translator.line(
            Stored(
                str(notification.originator_id), notification.originator_version, notification.topic, notification.state
            )
        )

    def _write_down(self, connection: Connection, drafts: Sequence[_Draft]) -> None:
        self._step("write down")
        with connection.transaction():
            for draft in drafts:
                connection.execute(
                    "INSERT INTO publisher.commits (size, root, hashes, first, last) VALUES (%s, %s, %s, %s, %s)",
                    (draft.after.size, draft.after.root, b"".join(draft.after.hashes), draft.first, draft.last),
                )
            self._step("commit what is written down")

    def _put(self, connection: Connection, drafts: Sequence[_Draft]) -> None:
        """Sign, append, and write down where."""
        self._step("sign")
        records = [wire.seal(self._origin, draft.before, draft.lines, self._signers)[0] for draft in drafts]
        self._step("append")
        self._log.append(self._stream, records)
        self._step("note the place")
        self._tree = drafts[-1].after
        end = self._log.end(self._stream)
        # All up to here are on the log; the newest one's place is where to look from after a crash.
        connection.execute(
            "UPDATE publisher.commits SET next = %s WHERE next IS NULL AND size <= %s", (end, self._tree.size)
        )
        _log.info(
            "publisher.committed",
            stream=self._stream,
            size=self._tree.size,
            commits=len(drafts),
            events=sum(len(draft.lines) for draft in drafts),
        )

    # After a start, and after anything went wrong

    def _recover(self, connection: Connection) -> tuple[int, int]:
        """Find the head to go on from; put on the log what was written down and is not there."""
        self._step("recover")
        columns = "size, root, hashes, first, last, next"
        newest = connection.execute(
            f"SELECT {columns} FROM publisher.commits WHERE next IS NOT NULL ORDER BY size DESC LIMIT 1"  # noqa: S608 - names of our own
        ).fetchone()
        waiting = [
            _Row(*row)
            for row in connection.execute(
                f"SELECT {columns} FROM publisher.commits WHERE next IS NULL ORDER BY size"  # noqa: S608 - likewise
            )
        ]
        seen = _Row(*newest) if newest is not None else None
        tree, start = Tree(), 0
        if seen is not None:
            place = self._place_of(seen)
            if place is None:
                # The log is not where we left it: restored from a copy, or it lost its end.
                return self._reconcile(connection)
            tree, start = seen.tree, place
        tree, start = self._follow(connection, tree, start, {row.size: row for row in waiting})
        drafts = self._made_again(tree, [row for row in waiting if row.size > tree.size])
        self._tree = tree
        self._read = max([row.last for row in waiting] + [seen.last if seen is not None else 0])
        if drafts:
            _log.warning("publisher.made_again", stream=self._stream, commits=len(drafts))
            self._put(connection, drafts)
        return sum(len(draft.lines) for draft in drafts), len(drafts)

    def _place_of(self, seen: _Row) -> int | None:
        """Where the log goes on after a commit that was seen there; None where the log does not hold it.

        It is looked for by its leaf and not by the place that was written down: a log that was restored has
        the same commits elsewhere, and there are few to be read on the way.
        """
        for record in self._log.records(self._stream, self._log.seek(self._stream, seen.size - 1)):
            try:
                checkpoint = wire.parse(record.data).checkpoint
            except MalformedCommit:
                continue
            if (checkpoint.origin, checkpoint.size, checkpoint.root) == (self._origin, seen.size, seen.root):
                return record.next
        return None

    def _reconcile(self, connection: Connection) -> tuple[int, int]:
        """Read the whole log: what it holds must be ours, and what it lacks of ours is put there once more."""
        known = {
            row.size: row
            for row in (
                _Row(*found)
                for found in connection.execute("SELECT size, root, hashes, first, last, next FROM publisher.commits")
            )
        }
        with connection.transaction():
            tree, start = self._follow(connection, Tree(), 0, known)
            connection.execute(
                "UPDATE publisher.commits SET next = CASE WHEN size <= %s THEN %s::bigint END", (tree.size, start)
            )
        lacking = [row for size, row in sorted(known.items()) if size > tree.size]
        _log.warning("publisher.log_is_another", stream=self._stream, size=tree.size, lacking=len(lacking))
        self._tree, self._read = tree, max(row.last for row in known.values())
        events = 0
        for at in range(0, len(lacking), AT_ONCE):
            drafts = self._made_again(self._tree, lacking[at : at + AT_ONCE])
            self._put(connection, drafts)
            events += sum(len(draft.lines) for draft in drafts)
        return events, len(lacking)

    def _follow(self, connection: Connection, tree: Tree, start: int, waiting: dict[int, _Row]) -> tuple[Tree, int]:
        """Read the log from where it was last looked at; commits of ours are noted, others stop us."""
        for record in self._log.records(self._stream, start):
            try:
                commit = wire.parse(record.data)
            except MalformedCommit:
                continue  # consumers quarantine it; it is no head to go on from
            checkpoint = commit.checkpoint
            if checkpoint.origin != self._origin or commit.base != tree.size:
                continue
            extended = tree.extend(commit.leaves())
            if extended.root != checkpoint.root or not self._counts(commit):
                continue
            row = waiting.get(extended.size)
            if row is None or row.root != extended.root:
                raise ForeignCommits(
                    f"the log of {self._stream} has a valid commit to {extended.size} events that this node's database"
                    " does not know: it was restored from an old state, or another node signs as this member."
                    " Nothing was published. Restore the database, or retire the other key."
                )
            tree, start = extended, record.next
            connection.execute("UPDATE publisher.commits SET next = %s WHERE size = %s", (start, extended.size))
        return tree, start

    def _made_again(self, tree: Tree, rows: Sequence[_Row]) -> list[_Draft]:
        drafts: list[_Draft] = []
        for row in rows:
            notifications = self._recorder.select_notifications(row.first, PER_COMMIT * AT_ONCE, row.last)
            lines = [line for n in notifications if (line := self._line(n)) is not None]
            after = tree.extend(leaf_hashes(lines))
            if after.size != row.size or after.root != row.root:
                raise StoreChanged(
                    f"the stored events {row.first} to {row.last} no longer make the commit to {row.size} that was"
                    " written down for them; nothing was published. Restore the database."
                )
            drafts.append(_Draft(tree, after, lines, row.first, row.last))
            tree = after
        return drafts

    def _signed_by_us(self, commit: Commit) -> bool:
        message = commit.note.text.encode()
        lines = commit.note.by([signer.vkey for signer in self._signers])
        return bool(lines) and all(key.verifies(line.signature, message) for key, line in lines)


class Session:
    """A publisher at work: nobody else is."""

    def __init__(self, publisher: Publisher, connection: Connection) -> None:
        self._publisher = publisher
        self._connection = connection

    def publish(self) -> Published:
        """Publish all that is stored now."""
        return self._publisher.pass_over(self._connection)

    def run(
        self,
        stop: threading.Event,
        *,
        poll: float = 1.0,
        on_published: Callable[[Published], None] = lambda _: None,
        on_error: Callable[[LogError], None] = lambda _: None,
    ) -> None:
        """Publish whatever is stored, as soon as it is, until told to stop.

        A log that is away is tried again; a database that is away ends this, and the caller begins anew.
        """
        channel = self._publisher._recorder.channel_name  # noqa: SLF001 - one class in two halves
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        pause = poll
        while not stop.is_set():
            try:
                published = self.publish()
            except LogError as error:
                _log.error("publisher.log_unavailable", error=str(error), again_in=pause)
                on_error(error)
                stop.wait(pause)
                pause = min(pause * 2, 30)
                continue
            pause = poll
            if published.events:
                on_published(published)
                continue
            # Told when something is stored; and looking all the same, since a notice can be missed.
            for _ in self._connection.notifies(timeout=poll, stop_after=1):
                break
