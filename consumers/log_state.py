"""Whether the log is still the one that this node has read: there, of this founding, and at least as long."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from projections.positions import GOVERNANCE, Position
from registry.log import LogError, NoSuchStream, SharedLog
from registry.wire.commit import parse
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import leaf_hash

Code = Literal["unreadable", "gone", "other-founding", "shorter"]


class LogFault(NamedTuple):
    """One thing that is wrong with the log, as a sentence: what, where, and what to do."""

    code: Code
    stream: str
    detail: str

    def __str__(self) -> str:
        return self.detail


def check_log(
    log: SharedLog, positions: Mapping[str, Position], consortium: str, founded_hash: bytes
) -> list[LogFault]:
    """What is wrong with the log, held against the settings and what the views have read; nothing where it is well.

    A log that nobody founded yet is well as long as the views have read nothing.
    """
    read = {stream: position for stream, position in positions.items() if position.next}
    try:
        if (fault := other_founding(log, consortium, founded_hash)) is not None:
            return [fault]
        return [fault for position in read.values() if (fault := _shorter(log, position)) is not None]
    except NoSuchStream:
        if not read:
            return []
        detail = (
            f"the log is gone: this node has read {len(read)} streams of it, and it has none now. Is the share mounted?"
            " Bring the log back; nothing is published until then."
        )
        return [LogFault("gone", GOVERNANCE, detail)]
    except LogError as error:
        return [LogFault("unreadable", GOVERNANCE, f"the log cannot be read: {error}")]


def other_founding(log: SharedLog, consortium: str, founded_hash: bytes) -> LogFault | None:
    """Whether the log is of another consortium or another founding than the settings say.

    Raises `NoSuchStream` where nothing was founded, and other `LogError`s.
    """
    record = next(log.records(GOVERNANCE), None)
    if record is None:
        return None
    try:
        commit = parse(record.data)
    except MalformedCommit:
        first = record.data.partition(b"\n")[0].decode(errors="replace")[:80]
        origin, founding = first, None
    else:
        origin, founding = commit.checkpoint.origin, leaf_hash(commit.lines[0])
    if origin != consortium:
        detail = f"this log is of {origin}; the settings say {consortium}. Correct the settings' log or consortium."
        return LogFault("other-founding", GOVERNANCE, detail)
    if founding is not None and commit.base == 0 and founding != founded_hash:
        detail = (
            f"this log was founded as {founding.hex()}; the settings say {founded_hash.hex()}. Correct the settings'"
            " log or founded; ask whoever told you the founding's hash."
        )
        return LogFault("other-founding", GOVERNANCE, detail)
    return None


def _shorter(log: SharedLog, position: Position) -> LogFault | None:
    try:
        end = log.end(position.member)
    except NoSuchStream:
        end = 0
    if end >= position.next:
        return None
    detail = (
        f"the log of {position.member} ends at {end:,}, and this node has read it up to {position.next:,}"
        f" ({position.tree.size:,} events): it was cut or replaced. Bring the missing part back:"
        " `registry restore --help`."
    )
    return LogFault("shorter", position.member, detail)
