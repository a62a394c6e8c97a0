"""Whether the log is the one that this node has read, and whole: what is wrong with it, in typed faults.

Nothing is written, and nothing is made that is missing.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from consumers.cursor import Cursor, begins_after_start, confirm, newest_claim, parsed
from consumers.governance import GovernanceFold, check_log_of, check_same
from consumers.verifier import MemberTrust
from projections.positions import Position
from registry.log import (
    GOVERNANCE,
    ForeignLog,
    HeadLost,
    HistoryRewritten,
    LogError,
    LogGone,
    NoSuchStream,
    SharedLog,
    TailLost,
)

UNREADABLE: Final = "log-unreadable"
GONE: Final = "log-gone"
FOREIGN: Final = "log-foreign"
SHORTER: Final = "log-shorter"
REWRITTEN: Final = "log-rewritten"
BEGINS_LATE: Final = "log-begins-late"
REFUSED: Final = "newest-refused"

_COUNTED: Final = 1000
_CODES: Final = ((LogGone, GONE), (TailLost, SHORTER), (HeadLost, BEGINS_LATE), (HistoryRewritten, REWRITTEN))


class LogFault(msgspec.Struct, frozen=True):
    """One thing that is wrong with the log."""

    code: str
    """One of the constants of this module."""
    stream: str
    """The stream that it is about; empty where it is the whole log."""
    detail: str
    """What is wrong and what to do, in sentences."""
    read: int | None = None
    """The tree size up to which this node has read the stream; None where that says nothing."""
    found: int | None = None
    """The tree size that the stream claims now."""

    @property
    def away(self) -> bool:
        """Whether the log cannot be read at all: exit code 4. Everything else is exit code 1."""
        return self.code in (UNREADABLE, GONE)


def check_log(log: SharedLog, positions: Mapping[str, Position], consortium: str, founded: bytes) -> list[LogFault]:
    """Hold a log against what this node's views have read of it (`positions.all_positions`); no faults: an empty list.

    `founded` is the founding's leaf hash, 32 bytes. Each stream costs a few reads where it is well, and is verified
    from its beginning where it is not. A log without governance that this node has never read is no fault: nothing
    was founded there yet.
    """
    read = {name: position for name, position in positions.items() if position.tree.size or position.next}
    try:
        fold = GovernanceFold(consortium, founded)
        faults = list(_governance(log, fold, read.get(GOVERNANCE)))
        if any(fault.code in (GONE, FOREIGN) for fault in faults):
            return faults
        for name in sorted(read.keys() | fold.state.members.keys()):
            if name != GOVERNANCE and name in fold.state.members:
                faults += _member(log, name, fold, read.get(name, Position(name)))
    except LogError as error:
        return [LogFault(UNREADABLE, "", str(error))]
    return faults


def _governance(log: SharedLog, fold: GovernanceFold, position: Position | None) -> Iterator[LogFault]:
    known = position.tree.size if position is not None else 0
    try:
        check_log_of(log, fold, known)
    except LogGone as error:
        yield LogFault(GONE, "", str(error), known, 0)
        return
    except ForeignLog as error:
        yield LogFault(FOREIGN, "", str(error))
        return
    except NoSuchStream:
        return  # nothing was founded there yet
    for record in log.records(GOVERNANCE):
        fold.take(record.data)
    if position is not None:
        try:
            check_same(fold, position.tree)
        except (TailLost, HistoryRewritten) as error:
            yield _fault(error, GOVERNANCE, known, fold.size)


def _member(log: SharedLog, name: str, fold: GovernanceFold, position: Position) -> Iterator[LogFault]:
    trust = MemberTrust(f"{fold.state.consortium}/{name}", fold.state.members[name])
    size = position.tree.size
    try:
        there = confirm(log, name, trust, Cursor(position.tree, position.last, position.next))
    except (LogGone, TailLost, HeadLost, HistoryRewritten) as error:
        yield _fault(error, name, size, _claimed(log, name))
        return
    try:
        begins = begins_after_start(log, name)
        if begins is not None:
            yield LogFault(
                BEGINS_LATE,
                name,
                f"the stream {name} begins with entry {begins:,}: its oldest entries were deleted, and whoever reads it"
                " for the first time can verify nothing. Its member's node puts them on the log again when it"
                " publishes; set the topic's retention to unlimited",
                size,
                newest_claim(log, name),
            )
        if there.next == log.end(name) and (refused := _refused_after(log, name, there)):
            yield LogFault(
                REFUSED,
                name,
                f"the newest {refused:,} records of the stream {name} are refused: nothing since entry {size:,} counts."
                " `registry quarantine list` says why",
                size,
                newest_claim(log, name),
            )
    except NoSuchStream:
        return  # admitted, and has published nothing yet


def _refused_after(log: SharedLog, name: str, cursor: Cursor) -> int:
    """How many records after the last accepted one would have been news, and were refused; at most `_COUNTED`.

    Heads up to the tree's own size, put on the log once more, are no news.
    """
    newest = next(iter(log.read_back(name)), None)
    if newest is None or newest.position == cursor.last:
        return 0
    start = 0
    if cursor.last is not None:
        start = log.read(name, cursor.last, 1)[0].next
    elif cursor.tree.size:
        return 0  # where the last accepted record stands is not known
    commits = (parsed(record) for record in islice(log.records(name, start), _COUNTED))
    return sum(commit is None or commit.checkpoint.size > cursor.tree.size for commit in commits)


def _claimed(log: SharedLog, name: str) -> int:
    try:
        return newest_claim(log, name)
    except NoSuchStream:
        return 0


def _fault(error: LogError, stream: str, read: int, found: int) -> LogFault:
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    return LogFault(code, stream, str(error), read, found)
