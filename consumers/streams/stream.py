"""A member's stream, read and verified in batches, ahead of the reader that folds them.

Verifying needs no database and folding waits for one, so that the two overlap when they run in two threads.
"""

import queue
import threading
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from consumers.streams.cursor import Mark, mark_of, parse_commit
from consumers.streams.quarantine import Quarantined
from consumers.streams.verifier import DISPUTABLE, OK, REPEAT, Trust, Verifier
from projections.fold.fold import VerifiedCommit
from registry.log import NoSuchStream, Record, SharedLog
from registry.wire.checkpoint import SignedNote
from registry.wire.events import Reader
from registry.wire.merkle import Tree

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Bytes that are folded at once: the database wants few and large batches."""
REPLAY_BYTES: Final = 512 * 1024
"""Bytes that are verified at once where nothing is folded: few enough to stay in the processor's cache."""
_NEWEST_RECORDS: Final = 32
WAYPOINT: Final = 4096
"""The smallest number of leaves between two waypoints."""


class Waypoint(NamedTuple):
    """A head that the stream passed through, and where the log goes on from it."""

    tree: Tree
    position: int


class Batch(NamedTuple):
    """A part of the stream, read and verified."""

    start: int
    next: int
    tree: Tree
    commits: list[VerifiedCommit]
    quarantined: list[Quarantined]
    disputed: list[tuple[SignedNote, str, int]]
    """Each with its verdict, and where its record begins."""
    waypoints: list[Waypoint]
    mark: Mark
    repeats: int = 0
    """The number of records that repeat the present head."""
    last: int | None = None
    """The position of the last record that extended the tree; None if none did."""
    doubtful: bool = False
    """True if the first record was refused: the position at which reading went on may be wrong."""


def read_on(log: SharedLog, stream: str, start: int, most_bytes: int) -> list[Record]:
    """Read records from a position on; none if the stream is missing, since a new member has published nothing yet."""
    try:
        return log.read(stream, start, most_bytes)
    except NoSuchStream:
        if start:
            raise
        return []


def claimed_size(log: SharedLog, stream: str) -> int:
    """Return the largest tree size that the newest records of a stream name; 0 where there is none.

    Nothing is verified: anybody can append a record that names any size. Raises the log's errors.
    """
    commits = (parse_commit(record) for record in islice(log.read_back(stream), _NEWEST_RECORDS))
    return max((commit.checkpoint.size for commit in commits if commit is not None), default=0)


def batches(
    log: SharedLog,
    member: str,
    trust: Trust,
    tree: Tree,
    start: int,
    batch_bytes: int = REPLAY_BYTES,
    waypoint: int = WAYPOINT,
) -> Iterator[Batch]:
    """Verify a member's stream from a position to its present end."""
    verifier, reader = Verifier(trust, tree), Reader(trust.origin)
    marked = tree.size
    while records := read_on(log, member, start, batch_bytes):
        batch = Batch(start, records[-1].next, verifier.tree, [], [], [], [], mark_of(records[-1]))
        repeats = 0
        last, doubtful = None, False
        for record in records:
            base = verifier.tree.size
            verdict = verifier.judge(record.data)
            commit = verdict.commit
            if record is records[0]:
                doubtful = verdict.code not in (OK, REPEAT)
            if verdict.code == OK and commit is not None:
                last = record.position
                verified = VerifiedCommit(
                    verifier.tree, base, reader.decode_all(commit), commit.lines, record.next, commit.note
                )
                batch.commits.append(verified)
                if verifier.tree.size - marked >= waypoint:
                    marked = verifier.tree.size
                    batch.waypoints.append(Waypoint(verifier.tree, record.next))
            elif verdict.code != REPEAT:
                size = commit.checkpoint.size if commit is not None else None
                batch.quarantined.append(
                    Quarantined(member, record.position, verdict.code, verdict.detail, record.data, size)
                )
                if verdict.code in DISPUTABLE and commit is not None:
                    batch.disputed.append((commit.note, verdict.code, record.position))
            else:
                repeats += 1
        start = batch.next
        yield batch._replace(tree=verifier.tree, repeats=repeats, last=last, doubtful=doubtful)


T = TypeVar("T")


class _End:
    """After the last item."""


def ahead(items: Iterator[T], depth: int = 2) -> Generator[T, None, None]:
    """The same items, made in a thread that keeps at most `depth` of them ready.

    What the thread raises is raised here. Closing this iterator ends the thread.
    """
    ready: queue.Queue[T | BaseException | _End] = queue.Queue(depth)
    closed = threading.Event()

    def put(item: T | BaseException | _End) -> bool:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            put(error)
        else:
            put(_End())

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(got := ready.get(), _End):
            if isinstance(got, BaseException):
                raise got
            yield got
    finally:
        closed.set()
        thread.join()
