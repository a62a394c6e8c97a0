"""A reader's place in a stream, checked against the log before it reads on.

A position is a number of bytes or records. It is valid only while the record before it is still the one that led to
the reader's tree. Files are cut, rotated and restored from copies, topics are deleted and made again, and retention
deletes the oldest records; then the same commits are elsewhere, or fewer of them, or others.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from consumers.streams.verifier import OK, Trust, Verifier
from registry.log import HeadLost, HistoryRewritten, LogGone, NoSuchStream, Record, SharedLog, TailLost
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree


class Cursor(NamedTuple):
    """The verified tree, the position of the record that led to it (None: unknown), and where reading goes on."""

    tree: Tree
    last: int | None
    next: int


START = Cursor(Tree(), None, 0)


class Mark(NamedTuple):
    """The newest record that a reader has read, whatever its verdict: reading goes on right behind it."""

    position: int
    next: int
    digest: str
    """SHA-256 of its bytes, in hexadecimal."""


def mark_of(record: Record) -> Mark:
    """Return the mark that a record leaves."""
    return Mark(record.position, record.next, hashlib.sha256(record.data).hexdigest())


def still_stands(log: SharedLog, stream: str, mark: Mark) -> bool:
    """True if the marked record is still at its position: then reading may go on behind it."""
    try:
        record = _record_at(log, stream, mark.position)
    except NoSuchStream:
        return False
    return record is not None and mark_of(record) == mark


def confirm(log: SharedLog, stream: str, trust: Trust, cursor: Cursor, *, rewind: bool = False) -> Cursor:
    """Find the place in the log after the cursor's head, as the log is now.

    Returns the same cursor if the head's record is still at `last` (with `rewind`, reading goes on right behind that
    record, and from the beginning of a stream without any accepted commit); else the place where the head was found;
    or `START` if the log has the same history but no commit that ends at this head, because commits were merged: then
    the reader has to begin again.

    Raises `LogGone`, `TailLost` (shorter than what was read), `HeadLost` or `HistoryRewritten`.
    """
    size = cursor.tree.size
    try:
        if size == 0:
            return START if rewind or cursor.next > log.end(stream) else cursor
        if cursor.last is not None:
            record = _record_at(log, stream, cursor.last)
            if record is not None and _leads_to(record, trust.origin, cursor.tree):
                keeps = not rewind and cursor.next <= log.end(stream)
                return cursor if keeps else cursor._replace(next=record.next)
        record_of_head = _find(log, stream, trust.origin, cursor.tree)
        if record_of_head is not None:
            return Cursor(cursor.tree, record_of_head.position, record_of_head.next)
        _check_history(log, stream, trust, cursor.tree)
    except NoSuchStream as error:
        if size == 0:
            return START
        raise LogGone(
            f"the stream {stream} is gone: {size:,} entries of it were read here before. {error}. Mount the log again,"
            " or restore it from another copy"
        ) from error
    return START


def goes_on(log: SharedLog, stream: str, tree: Tree, position: int) -> bool:
    """True if a commit that extends a tree begins at a position that was noted some time ago."""
    record = _record_at(log, stream, position)
    commit = parse_commit(record) if record is not None else None
    return (
        commit is not None and commit.base == tree.size and tree.extend(commit.leaves()).root == commit.checkpoint.root
    )


def begins_after_start(log: SharedLog, stream: str) -> int | None:
    """Return the first leaf that a stream still has if leaf 0 is missing; None if it is there, or if all is gone."""
    first: int | None = None
    for record in log.records(stream):
        commit = parse_commit(record)
        if commit is not None and commit.base == 0:
            return None
        if commit is not None and first is None:
            first = commit.base
    return first


def parse_commit(record: Record) -> Commit | None:
    """Parse a record; return None if it is not a commit in form. Nothing is verified."""
    try:
        return wire.parse(record.data)
    except MalformedCommit:
        return None


def _record_at(log: SharedLog, stream: str, position: int) -> Record | None:
    try:
        records = log.read(stream, position, 1)
    except TailLost:
        return None
    return records[0] if records and records[0].position == position else None


def _leads_to(record: Record, origin: str, tree: Tree) -> bool:
    commit = parse_commit(record)
    if commit is None:
        return False
    checkpoint = commit.checkpoint
    return (checkpoint.origin, checkpoint.size, checkpoint.root) == (origin, tree.size, tree.root)


def _find(log: SharedLog, stream: str, origin: str, tree: Tree) -> Record | None:
    """Return the record that leads to a tree: search near its newest leaf first, then from the beginning."""
    for start in dict.fromkeys((log.seek(stream, tree.size - 1), 0)):
        for record in log.records(stream, start):
            if _leads_to(record, origin, tree):
                return record
    return None


def _check_history(log: SharedLog, stream: str, trust: Trust, tree: Tree) -> None:
    """Raise what is wrong with a stream that has no commit to this tree; return if commits were merged over it."""
    if (first := begins_after_start(log, stream)) is not None:
        raise HeadLost(
            f"the stream {stream} begins with entry {first + 1:,}: its oldest entries were deleted, and nobody can"
            f" verify the rest. {tree.size:,} entries were read here before. Its member's node puts them on the log"
            " again when it publishes; set the topic's retention to unlimited"
        )
    verifier = Verifier(trust)
    for before, commit in _commits(log, stream, verifier):
        if verifier.tree.size >= tree.size:
            if before.extend(commit.leaves()[: tree.size - before.size]).root == tree.root:
                return
            raise HistoryRewritten(
                f"the log of {stream} holds another history: entries 1 to {tree.size:,} are not those that were read"
                " and verified here before. Keep both copies, and ask the member and the log's keeper"
            )
    raise TailLost(
        f"the log of {stream} is shorter than what was read here before: {verifier.tree.size:,} of {tree.size:,}"
        " entries. It was cut, or replaced by an older copy. What was read is kept. The member's node puts its missing"
        " entries on the log again when it publishes; else restore the log from another copy"
    )


def _commits(log: SharedLog, stream: str, verifier: Verifier) -> Iterator[tuple[Tree, Commit]]:
    """Yield the commits that extend each other from leaf 0 on, each with the tree before it."""
    for record in log.records(stream):
        before = verifier.tree
        verdict = verifier.judge(record.data)
        if verdict.code == OK and verdict.commit is not None:
            yield before, verdict.commit
