"""The publisher of a node's events: the only process that signs them and appends them to the node's stream.

A pass (`publishing_pass.py`) publishes everything that is stored. A session holds the locks and runs passes.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Connection, sql

from registry.application.acceptance import Acceptance, NotAccepted
from registry.application.refusals import RefusedCommits
from registry.log import LogError, LogGone, LogMoved, NoSuchStream, SharedLog, TailLost
from registry.log.founding import check_founding
from registry.observability import log_failures
from registry.publishing.commit_builder import CommitBuilder
from registry.publishing.commit_store import CommitStore, UnsignedCommit
from registry.publishing.errors import OwnCommitsRefused, PublisherError
from registry.publishing.own_stream import Counts, OwnStream
from registry.publishing.published import Published
from registry.publishing.publishing_lock import hold_publishing_lock
from registry.publishing.publishing_pass import Progress, PublishingPass, Tools
from registry.rules import signatures
from registry.rules.founding import foreign
from registry.wire.commit import Commit
from registry.wire.keys import Signer

_log = structlog.get_logger(__name__)

_ATTEMPTS: Final = 3
"""The number of times that a pass begins again because the stream moved meanwhile."""


class Publisher:
    """A publisher of one node's events to its stream."""

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
        on_committed: Callable[[Sequence[UnsignedCommit]], None] = lambda _: None,
    ) -> None:
        """`signers` sign each commit.

        `counts` says whether a commit on the log counts under governance; without it, this node's own signature does.
        `acceptance` is asked before anything is signed; without it, everything is accepted. `own_refusals` returns what
        this node's own projector refuses of its stream now, and is asked before each pass. `founding` is the
        consortium's name and the hash of its founding: a log of another one, or one that is gone, is not written to.
        `step` receives each step's name before it is taken (tests stop there). `on_committed` receives the commits that
        were appended to the log, those that were appended again included.
        """
        self._dsn = dsn
        self._log = log
        self._stream = stream
        self._signers = list(signers)
        self._founding = founding
        self._channel = recorder.channel_name
        self._progress = Progress()
        self._tools = Tools(
            log,
            stream,
            origin,
            self._signers,
            CommitBuilder(recorder, origin, acceptance),
            OwnStream(log, stream, origin, counts or self._signed_by_us),
            acceptance,
            own_refusals,
            step,
            log_failures(on_committed),
        )

    @contextlib.contextmanager
    def session(self) -> Iterator["Session"]:
        """Become this node's publisher; create its stream if it is missing and the log is the right one.

        Raises `AnotherPublisher` or `WriterBusy` where another process publishes, `LogGone` or `ForeignLog`.
        """
        with hold_publishing_lock(self._dsn) as connection:
            self._create_stream(CommitStore(connection))
            with self._log.writer(self._stream):
                self._progress.tree = None  # another process may have published since
                yield Session(self, connection, self._channel)

    def publish_pending(self) -> Published:
        """Publish all that is stored."""
        with self.session() as session:
            return session.publish()

    def publish(self, connection: Connection) -> Published:
        """Publish what is stored now; only within a session, on its connection.

        Raises `NotAccepted`, and signs nothing, where consumers would refuse the commit.
        """
        single_pass = PublishingPass(self._tools, self._progress, connection)
        for attempt in range(_ATTEMPTS):
            try:
                single_pass.run()
                break
            except (LogMoved, TailLost, NoSuchStream) as error:
                self._progress.tree = None
                if attempt == _ATTEMPTS - 1 or isinstance(error, LogGone):
                    raise
                _log.warning("publisher.stream_moved", stream=self._stream, error=str(error))
                self._create_stream(CommitStore(connection))
            except BaseException:
                self._progress.tree = None  # read the log again before anything else, whatever failed
                raise
        return single_pass.summarise()

    def _create_stream(self, store: CommitStore) -> None:
        """Create the stream if it is missing, but only on a log with the right governance."""
        if self._founding is not None:
            consortium, founded = self._founding
            newest = store.newest_on_log()
            judge = functools.partial(foreign, consortium=consortium, founded=founded)
            check_founding(self._log, judge, newest.size if newest is not None else 0, self._stream)
        if self._stream not in self._log.streams():
            self._log.create(self._stream)

    def _signed_by_us(self, commit: Commit) -> bool:
        return signatures.find_fault(commit.note, [signer.vkey for signer in self._signers], 1) is None


class Session:
    """The time during which this process is the node's publisher."""

    def __init__(self, publisher: Publisher, connection: Connection, channel: str) -> None:
        self._publisher = publisher
        self._connection = connection
        self._channel = channel

    def publish(self) -> Published:
        """Publish all that is stored now."""
        return self._publisher.publish(self._connection)

    def run(
        self,
        stop: threading.Event,
        *,
        poll: float = 1.0,
        on_published: Callable[[Published], None] = lambda _: None,
        on_error: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Publish events as soon as they are stored, until `stop` is set.

        A log that is away, a commit that consumers would refuse, and commits that this node's own projector refuses
        are passed to `on_error` and tried again; so are events that are withheld or had no effect, once for each
        reason. Errors of the database are raised.
        """
        self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        pause, reported = poll, list[str]()
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
                if fault not in reported:
                    on_error(PublisherError(fault))
            reported = published.faults
            if published.events:
                on_published(published)
                continue
            # The database notifies us of a stored event; polling makes up for a notification that was missed.
            for _ in self._connection.notifies(timeout=poll, stop_after=1):
                break
