"""Stored events to commits on the shared log: sign once (docs/decisions/0001).

The order of things is what makes a crash harmless, at any line:

1. the node's events are stored (by somebody else, at any time);
2. they are read in the order of their commit, put into commits of at most 256, and the tree is extended;
3. each commit's size, root and range of stored events are written down, unique by size, and committed;
4. only then is it signed, and appended to the log;
5. where it stands on the log is written down.

At every start, and whenever the stream does not end where this publisher left it, the publisher goes on from what
the log verifiably holds (own_stream.py). Commits that were written down and are not there, or do not count there, are
made again from the same stored events: the same size and root, and by the same key the same bytes, since Ed25519 signs
alike. The head to go on from is the last valid extension, never simply the last record.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
import psycopg
import structlog
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Connection, sql

from registry.application.acceptance import Acceptance, NotAccepted
from registry.application.refusals import RefusedCommits
from registry.log import LogError, LogGone, LogMoved, NoSuchStream, SharedLog, TailLost
from registry.log.founding import check_founding
from registry.observability import log_failures
from registry.publishing.commit_store import CommitStore, Draft, Held, Row
from registry.publishing.drafts import AT_ONCE, Drafter
from registry.publishing.errors import (
    AnotherPublisher,
    ForeignCommits,
    OwnCommitsRefused,
    PublisherError,
    StoreChanged,
)
from registry.publishing.own_stream import Counts, OwnStream
from registry.rules import signatures
from registry.rules.founding import foreign
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.keys import Signer
from registry.wire.merkle import Tree

__all__ = [
    "AnotherPublisher",
    "ForeignCommits",
    "OwnCommitsRefused",
    "Published",
    "Publisher",
    "PublisherError",
    "Session",
    "StoreChanged",
]

_log = structlog.get_logger(__name__)

_ATTEMPTS: Final = 3
"""The number of times that a pass begins again because the stream moved meanwhile."""


class Published(NamedTuple):
    """The result of a pass, and the tree size after it."""

    events: int
    commits: int
    size: int
    held: int = 0
    """Stored events that are held back, because consumers would refuse them now."""
    held_because: str = ""
    """The rule and the remedy for the first of them."""
    refused: int = 0
    """Events in commits of which consumers refuse some: stored before governance decided so."""
    refused_because: str = ""
    """The rule and the remedy for the first of these commits."""
    new: tuple[str, ...] = ()
    """Those of `faults` that are about events which no earlier pass has read: the caller may just have stored them."""

    @property
    def faults(self) -> list[str]:
        """The events that did not take effect, in sentences."""
        sentences = []
        if self.held:
            sentences.append(_held_back(self.held, self.held_because))
        if self.refused:
            sentences.append(_refused(self.refused, self.refused_because))
        return sentences


def _held_back(events: int, because: str) -> str:
    return f"stored events that are held back, not published: {events:,}. {because}"


def _refused(events: int, because: str) -> str:
    return (
        f"published events that consumers refuse, all or some: {events:,}. They had been written down for the log"
        f" before. {because}. `registry views update`, then `registry refused list`"
    )


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
        acceptance: Acceptance | None = None,
        own_refusals: Callable[[], RefusedCommits | None] = lambda: None,
        founding: tuple[str, bytes] | None = None,
        step: Callable[[str], None] = lambda _: None,
        on_committed: Callable[[Sequence[Draft]], None] = lambda _: None,
    ) -> None:
        """`signers` sign each commit.

        `counts` says whether a commit on the log counts under governance; without it, this node's own signature does.
        `acceptance` is asked before anything is signed; without it, everything is accepted. `own_refusals` returns what
        this node's own projector refuses of its stream now, and is asked before each pass. `founding` is the
        consortium's name and the hash of its founding: a log of another one, or one that is gone, is not written to.
        `step` receives each step's name before it is taken (tests stop there). `on_committed` receives the commits that
        were put on the log, those that were put there again included.
        """
        self._dsn = dsn
        self._log = log
        self._stream = stream
        self._origin = origin
        self._signers = list(signers)
        self._drafter = Drafter(recorder, origin, acceptance)
        self._acceptance = acceptance
        self._own = OwnStream(log, stream, origin, counts or self._signed_by_us)
        self._own_refusals = own_refusals
        self._answered: tuple[str, int] | None = None
        """The last refusal of the own projector for which the stream was read from leaf 0, and its end then."""
        self._founding = founding
        self._channel = recorder.channel_name
        self._step = step
        self._on_committed = log_failures(on_committed)
        self._tree: Tree | None = None
        """The tree that the log verifiably holds; None if it must be read from the log."""
        self._end = 0
        """The end of the stream."""
        self._read = 0
        """Notification id up to which stored events are in commits or held back."""

    @contextlib.contextmanager
    def session(self) -> Iterator["Session"]:
        """Be this node's publisher; the stream is made where it is missing and the log is the right one.

        Raises `AnotherPublisher` or `WriterBusy` where somebody else publishes, `LogGone` or `ForeignLog`.
        """
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(hashtext('registry.publisher'))").fetchone()
            if row is None or not row[0]:
                raise AnotherPublisher("another process publishes this node's events; stop it, or let it do the work")
            try:
                self._make_stream(CommitStore(connection))
                with self._log.writer(self._stream):
                    self._tree = None  # another process may have published since
                    yield Session(self, connection, self._channel)
            finally:
                # A server that is busy notices the end of a connection late: who publishes next must not wait for that.
                with contextlib.suppress(psycopg.Error):  # a connection that is lost holds no lock
                    connection.execute("SELECT pg_advisory_unlock(hashtext('registry.publisher'))")

    def publish_pending(self) -> Published:
        """Publish all that is stored."""
        with self.session() as session:
            return session.publish()

    def _make_stream(self, store: CommitStore) -> None:
        """Make the stream if it is missing, on a log whose governance is the right one and nowhere else."""
        if self._founding is not None:
            consortium, founded = self._founding
            seen = store.newest_seen()
            judge = functools.partial(foreign, consortium=consortium, founded=founded)
            check_founding(self._log, judge, seen.size if seen is not None else 0, self._stream)
        if self._stream not in self._log.streams():
            self._log.create(self._stream)

    # One pass

    def pass_over(self, connection: Connection) -> Published:
        """Publish what is stored now; the caller holds the session.

        Raises `NotAccepted` where consumers would refuse the commit, and nothing is signed then.
        """
        store = CommitStore(connection)
        read_before = store.read_up_to()
        done: list[Draft] = []
        for attempt in range(_ATTEMPTS):
            try:
                self._bring_up(connection, store, done)
                break
            except (LogMoved, TailLost, NoSuchStream) as error:
                self._tree = None
                if attempt == _ATTEMPTS - 1 or isinstance(error, LogGone):
                    raise
                _log.warning("publisher.stream_moved", stream=self._stream, error=str(error))
                self._make_stream(store)
            except BaseException:
                self._tree = None  # whatever was under way: look at the log again before going on
                raise
        assert self._tree is not None  # noqa: S101 - brought up above
        held = store.held()
        refused = [draft for draft in done if draft.refused]
        new_held = [event for event in held if event.notification > read_before]
        new_refused = [draft for draft in refused if draft.last > read_before]
        new = [_held_back(len(new_held), new_held[0].reason)] if new_held else []
        if new_refused:
            new.append(_refused(sum(len(draft.lines) for draft in new_refused), new_refused[0].refused))
        return Published(
            sum(len(draft.lines) for draft in done),
            len(done),
            self._tree.size,
            len(held),
            held[0].reason if held else "",
            sum(len(draft.lines) for draft in refused),
            refused[0].refused if refused else "",
            tuple(new),
        )

    def _bring_up(self, connection: Connection, store: CommitStore, done: list[Draft]) -> None:
        self._answer_refusals(connection, store, done)
        if self._tree is None or self._log.end(self._stream) != self._end:
            self._recover(connection, store, done)
        assert self._tree is not None  # noqa: S101 - recovered above
        if (held := store.held()) and (drafts := self._drafter.released(self._tree, held)):
            for at in range(0, len(drafts), AT_ONCE):
                self._write_and_put(connection, store, drafts[at : at + AT_ONCE], (), done)
        while self._next(connection, store, done):
            pass

    def _next(self, connection: Connection, store: CommitStore, done: list[Draft]) -> bool:
        """Publish the next stored events; False where there are none."""
        assert self._tree is not None  # noqa: S101 - recovered before
        self._step("read stored events")
        drafts, held, read = self._drafter.next(self._tree, self._read, store.held())
        if read == self._read:
            return False
        self._write_and_put(connection, store, drafts, held, done)
        self._read = read
        return True

    def _write_and_put(
        self,
        connection: Connection,
        store: CommitStore,
        drafts: Sequence[Draft],
        held: Sequence[Held],
        done: list[Draft],
    ) -> None:
        self._check(drafts)
        for draft in drafts:
            # Governance was read again just now: it may say something since these events were chosen.
            if (refusal := self._refusal(draft)) is not None:
                raise refusal
        self._step("write down")
        with connection.transaction():
            # Together: after a crash, what is in no commit and not held back is read again.
            store.write_down(drafts, held)
            self._step("commit what is written down")
        if held:
            _log.warning("publisher.held", stream=self._stream, events=len(held), reason=held[0].reason)
        if drafts:
            self._put(store, drafts)
            done += drafts

    def _check(self, drafts: Sequence[Draft]) -> None:
        """Raise `NotAccepted` where consumers would refuse one of these commits."""
        if self._acceptance is not None:
            keys = [signer.vkey for signer in self._signers]
            for draft in drafts:
                self._acceptance.check_commit(draft.before, draft.after, keys)

    def _refusal(self, draft: Draft) -> NotAccepted | None:
        """Why consumers would refuse an event of a commit; None where they would not."""
        if self._acceptance is None:
            return None
        types = {msgspec.json.decode(line, type=_EventType).type for line in draft.lines}
        try:
            self._acceptance.check_events(types, draft.before.size)
        except NotAccepted as refusal:
            return refusal
        return None

    def _put(self, store: CommitStore, drafts: Sequence[Draft]) -> None:
        """Sign, append, and write down where."""
        self._step("sign")
        records = [wire.sign_commit(self._origin, draft.before, draft.lines, self._signers)[0] for draft in drafts]
        self._step("append")
        positions = self._log.append(self._stream, records, after=self._end)
        self._step("note the place")
        [last] = self._log.read(self._stream, positions[-1], 1)[:1]
        self._tree, self._end = drafts[-1].after, last.next
        store.see_written(self._tree.size, self._end)
        _log.info(
            "publisher.committed",
            stream=self._stream,
            size=self._tree.size,
            commits=len(drafts),
            events=sum(len(draft.lines) for draft in drafts),
        )
        self._on_committed(drafts)

    # After a start, and after anything went wrong

    def _answer_refusals(self, connection: Connection, store: CommitStore, done: list[Draft]) -> None:
        """If this node's own projector refuses commits of it, publish again those that do not count, or stop.

        The stream is read from leaf 0 once for each refusal and end of the stream. While the projector has not read
        all of it, its refusal is about what stood there before, and publishing goes on.
        """
        refused = self._own_refusals()
        if refused is None:
            self._answered = None
            return
        end = self._log.end(self._stream)
        if self._answered is None or self._answered[0] != refused.detail or end not in (self._answered[1], self._end):
            self._reconcile(connection, store, done)
            self._answered = refused.detail, self._end
        if refused.read < self._end:
            return
        raise OwnCommitsRefused(
            f"this node's own reading of the log refuses what it published: {refused.detail}. Publishing again changes"
            " nothing; nothing further was published"
        )

    def _recover(self, connection: Connection, store: CommitStore, done: list[Draft]) -> None:
        """Find the head to go on from; put on the log what was written down and is not there."""
        self._step("recover")
        newest = store.newest_seen()
        if newest is not None and not self._own.still_ends_with(newest, store):
            # The log is not where we left it: cut, replaced, restored from a copy, or the commit counts no more.
            self._reconcile(connection, store, done)
            return
        tree, start = (newest.tree, newest.next or 0) if newest is not None else (Tree(), 0)
        unseen = store.unseen()
        tree, _, self._end = self._own.follow(tree, start, unseen, store.see)
        self._go_on(store, tree, [row for size, row in unseen.items() if size > tree.size], done)

    def _reconcile(self, connection: Connection, store: CommitStore, done: list[Draft]) -> None:
        """Read the whole log: what counts there must be ours, and what it lacks of ours is put there once more."""
        known = store.all()
        with connection.transaction():
            tree, start, self._end = self._own.follow(Tree(), 0, known, lambda *_: None)
            store.see_all(tree.size, start)
        lacking = [row for size, row in known.items() if size > tree.size]
        _log.warning("publisher.log_is_another", stream=self._stream, size=tree.size, lacking=len(lacking))
        self._go_on(store, tree, lacking, done)

    def _go_on(self, store: CommitStore, tree: Tree, lacking: Sequence[Row], done: list[Draft]) -> None:
        """Go on from a verified tree, after putting on the log again what it lacks.

        A stored commit may have been signed, so no other commit may ever take its place. If consumers refuse its events
        by now, it is published nevertheless, and reported.
        """
        for at in range(0, len(lacking), AT_ONCE):
            drafts = self._drafter.again(tree, lacking[at : at + AT_ONCE], store)
            self._check(drafts)
            drafts = [draft._replace(refused=str(self._refusal(draft) or "")) for draft in drafts]
            _log.warning("publisher.made_again", stream=self._stream, commits=len(drafts))
            self._put(store, drafts)
            tree = drafts[-1].after
            done += drafts
        self._tree, self._read = tree, store.read_up_to()

    def _signed_by_us(self, commit: Commit) -> bool:
        return signatures.find_fault(commit.note, [signer.vkey for signer in self._signers], 1) is None


_PUBLISHING: Final = (
    "SELECT a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.objid = (hashtext('registry.publisher')::bigint & 4294967295)::oid"
)


def publishing_since(dsn: str) -> datetime | None:
    """When the process that publishes this node's events began to; None where none does."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(_PUBLISHING).fetchone()
    return None if row is None else row[0].astimezone(UTC)


def publishes(connection: Connection) -> bool:
    """Return whether a process publishes this node's events now."""
    return connection.execute(_PUBLISHING).fetchone() is not None


class _EventType(msgspec.Struct):
    type: str


class Session:
    """A publisher at work: nobody else is."""

    def __init__(self, publisher: Publisher, connection: Connection, channel: str) -> None:
        self._publisher = publisher
        self._connection = connection
        self._channel = channel

    def publish(self) -> Published:
        """Publish all that is stored now."""
        return self._publisher.pass_over(self._connection)

    def run(
        self,
        stop: threading.Event,
        *,
        poll: float = 1.0,
        on_published: Callable[[Published], None] = lambda _: None,
        on_error: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Publish whatever is stored, as soon as it is, until told to stop.

        A log that is away, a commit that consumers would refuse, and commits that this node's own projector refuses
        are passed to `on_error` and tried again; so are events that are held back or had no effect, once for each
        reason. A database that is away ends this, and the caller begins again.
        """
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        pause, known = poll, list[str]()
        while not stop.is_set():
            try:
                published = self.publish()
            except (LogError, NotAccepted, OwnCommitsRefused) as error:
                _log.error("publisher.stopped", error=str(error), again_in=pause)
                on_error(error)
                stop.wait(pause)
                pause = min(pause * 2, 30)
                continue
            pause = poll
            for fault in published.faults:
                if fault not in known:
                    on_error(PublisherError(fault))
            known = published.faults
            if published.events:
                on_published(published)
                continue
            # Told when something is stored; and looking all the same, since a notice can be missed.
            for _ in self._connection.notifies(timeout=poll, stop_after=1):
                break
