"""Restores a log from another copy, commit by commit, and verifies each one: the way back after a lost disk.

The copy that is written may already hold a part. Commits of the source that validly extend it are appended, and no
others. If the source's commits are merged and the copy ends inside one, the rest of that commit is appended: the
events after the copy's end, under the same head and signatures.
"""

from collections.abc import Callable

import msgspec

from consumers.archive.archiver import OnStream
from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import REPLAY_BYTES
from consumers.streams.verifier import OK, REPEAT, MemberTrust, Verdict, Verifier
from registry.log import GOVERNANCE, NoSuchStream, SharedLog
from registry.wire.commit import Commit, parse
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree

_APPEND_BYTES = 8 * 1024 * 1024

Judge = Callable[[bytes], Verdict]


class CannotRestore(Exception):
    """A log cannot be restored without guessing. The message says why and what to do."""


class Restored(msgspec.Struct, frozen=True):
    """The outcome for one stream."""

    stream: str
    size: int
    """The tree size that the copy has now."""
    events: int
    """The number of events that came from the source."""
    refused: int
    """Records of the source that are not part of the stream."""
    why: str | None
    """The first of these, in words."""


def restore(
    source: SharedLog, target: SharedLog, consortium: str, founded: bytes, on_stream: OnStream = lambda *_: None
) -> list[Restored]:
    """Bring `target` up to what `source` has of every stream, governance first.

    Raises `CannotRestore` if the target holds records that are not part of their stream, or if the source's governance
    is not the one that is trusted.
    """
    fold = GovernanceFold(consortium, founded)
    done = [_stream(source, target, GOVERNANCE, lambda data: fold.take(data)[0], lambda: fold.tree, on_stream)]
    if not fold.state.members and not fold.size:
        raise CannotRestore(
            "the source's governance does not begin with the founding that this node trusts; it is another"
            " consortium's log, or not a log"
        )
    for member, record in sorted(fold.state.members.items()):
        verifier = Verifier(MemberTrust(consortium, record))
        done.append(_stream(source, target, member, verifier.judge, lambda v=verifier: v.tree, on_stream))  # type: ignore[misc]
    return done


def _stream(
    source: SharedLog, target: SharedLog, stream: str, judge: Judge, tree: Callable[[], Tree], on_stream: OnStream
) -> Restored:
    _judge_copy(target, stream, judge)
    before = tree().size
    refused: list[Verdict] = []
    pending: list[bytes] = []
    try:
        start = source.seek(stream, before) if before else 0
        source.end(stream)
    except NoSuchStream:
        return Restored(stream, before, 0, 0, None)
    target.create(stream)
    with target.writer(stream):
        for begin in dict.fromkeys((start, 0)):
            at = begin
            while records := source.read(stream, at, REPLAY_BYTES):
                for record in records:
                    data = _rest(record.data, tree().size)
                    verdict = judge(data)
                    if verdict.code == OK:
                        pending.append(data)
                    elif verdict.code != REPEAT and not _is_in_copy(verdict, before):
                        refused.append(verdict)
                at = records[-1].next
                if sum(map(len, pending)) >= _APPEND_BYTES:
                    target.append(stream, pending)
                    pending.clear()
                    on_stream(stream, tree().size)
            if tree().size > before or not refused:
                break
            refused = refused if begin == 0 else []
        target.append(stream, pending)
    on_stream(stream, tree().size)
    why = f"{refused[0].code}: {refused[0].detail}" if refused else None
    return Restored(stream, tree().size, tree().size - before, len(refused), why)


def _judge_copy(target: SharedLog, stream: str, judge: Judge) -> None:
    """Judge the records that the copy already holds."""
    try:
        for record in target.records(stream):
            verdict = judge(record.data)
            if verdict.code not in (OK, REPEAT):
                raise CannotRestore(
                    f"the copy of {stream} here has a record that is not part of it, at {record.position}:"
                    f" {verdict.code}: {verdict.detail}. Move the log's folder away, keep it, and run this again."
                )
    except NoSuchStream:
        return


def _rest(data: bytes, size: int) -> bytes:
    """Return a commit without the events that the copy has, under the same head, if it spans the end of the copy."""
    try:
        commit = parse(data)
    except MalformedCommit:
        return data
    return _cut(commit, size) if commit.base < size < commit.checkpoint.size else data


def _cut(commit: Commit, size: int) -> bytes:
    lines = commit.lines[size - commit.base :]
    return str(commit.note).encode() + b"\n" + b"".join(line + b"\n" for line in lines)


def _is_in_copy(verdict: Verdict, size: int) -> bool:
    """True if a record was passed over because the copy already has it."""
    return verdict.code == "stale" and verdict.commit is not None and verdict.commit.checkpoint.size <= size
