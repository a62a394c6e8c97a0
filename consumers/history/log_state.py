"""Compares the log with what this node has read of it, and lists what is wrong in typed faults.

It writes nothing and repairs nothing.
"""

import hashlib
from collections.abc import Collection, Hashable, Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from consumers.governance.governance import GovernanceFold, check_log_of, check_same
from consumers.governance.governance_reader import GovernanceReader
from consumers.streams.beginning import Beginning, bounded_records, read_beginning
from consumers.streams.cursor import Cursor, confirm, parse_commit
from consumers.streams.stream import claimed_size
from consumers.streams.verifier import MemberTrust
from projections.core.positions import Position
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
NO_GOVERNANCE: Final = "no-governance"

_CODES: Final = ((LogGone, GONE), (TailLost, SHORTER), (HeadLost, BEGINS_LATE), (HistoryRewritten, REWRITTEN))


class LogFault(msgspec.Struct, frozen=True):
    """One fault of the log."""

    code: str
    """One of the constants of this module."""
    stream: str
    """The stream at fault; empty for the whole log."""
    detail: str
    """The fault and what to do about it, in sentences."""
    read: int | None = None
    """The tree size up to which this node has read the stream; None if it does not matter."""
    claimed: int | None = msgspec.field(default=None, name="found")
    """The tree size that the stream claims now."""

    @property
    def away(self) -> bool:
        """True if the whole log cannot be read (exit code 4). All other faults are exit code 1."""
        return self.code in (UNREADABLE, GONE) and not self.stream


class EarlierLooks:
    """Results of earlier checks of the same log, so that an unchanged stream is not read again.

    The stream of `own` is searched for leaf 0 without a bound; any member can make its own stream long.
    """

    def __init__(self, own: str | None = None) -> None:
        self.own = own
        self.governance: GovernanceReader | None = None
        """Governance as far as it was read: anybody can append to it, so reading all of it again has no bound."""
        self.beginnings: dict[str, Beginning] = {}
        self.faults: dict[str, tuple[Hashable, list[LogFault]]] = {}
        """Each stream's faults, with the state of the stream that had them; None: that state was not taken."""


def check_log(
    log: SharedLog,
    positions: Mapping[str, Position],
    consortium: str,
    founded: bytes,
    *,
    earlier: EarlierLooks | None = None,
    streams: Collection[str] | None = None,
) -> list[LogFault]:
    """Compare a log with what this node's views have read of it (`positions.all_positions`); return the faults.

    `founded` is the founding's leaf hash, 32 bytes. A sound stream costs a few reads; a faulty one is verified from
    its beginning. `streams` are the members whose streams are checked; None: all of them.
    """
    earlier = earlier or EarlierLooks()
    read = {name: position for name, position in positions.items() if position.tree.size or position.next}
    try:
        if earlier.governance is None:
            earlier.governance = GovernanceReader(GovernanceFold(consortium, founded))
        faults = list(_governance(log, earlier.governance, read.get(GOVERNANCE)))
        if any(fault.code in (GONE, FOREIGN) for fault in faults):
            return faults
        fold = earlier.governance.fold
        for name in sorted(read.keys() | fold.state.members.keys()):
            if name != GOVERNANCE and name in fold.state.members and (streams is None or name in streams):
                faults += _member_again(log, name, fold, read.get(name, Position(name)), earlier)
    except LogError as error:
        return [LogFault(UNREADABLE, "", str(error))]
    return faults


def _governance(log: SharedLog, reader: GovernanceReader, position: Position | None) -> Iterator[LogFault]:
    read = position.tree.size if position is not None else 0
    try:
        check_log_of(log, reader.fold, max(read, reader.fold.size))
        for _ in reader.follow(log):
            pass  # the reader folds what it reads
        if position is not None:
            check_same(reader.fold, position.tree)
    except LogGone as error:
        yield LogFault(GONE, "", str(error), read, 0)
        return
    except ForeignLog as error:
        yield LogFault(FOREIGN, "", str(error))
        return
    except NoSuchStream:
        detail = (
            f"there is no governance of {reader.fold.state.consortium} on the log: nothing was founded there yet, or"
            " the setting `log` names another place"
        )
        yield LogFault(NO_GOVERNANCE, "", detail)
        return
    except (TailLost, HistoryRewritten) as error:
        yield _fault(error, GOVERNANCE, read, _claimed_size(log, GOVERNANCE))


def _member_again(
    log: SharedLog, name: str, fold: GovernanceFold, position: Position, earlier: EarlierLooks
) -> list[LogFault]:
    """Return the faults of a member's stream: those of the check before if nothing has changed since."""
    before = earlier.faults.pop(name, None)
    try:
        # Taken before the check, and only of a stream that had a fault: a sound one costs less without it.
        ends = None if before is None else (_ends(log, name), position, fold.size)
        if before is not None and before[0] == ends:
            earlier.faults[name] = before
            return before[1]
        faults = list(_member(log, name, fold, position, earlier))
    except LogError as error:
        return [LogFault(UNREADABLE, name, f"the stream {name} cannot be read: {error}")]
    beginning = earlier.beginnings.get(name)
    if faults:
        settled = beginning is None or beginning.whole or beginning.complete
        earlier.faults[name] = ends if settled else None, faults
    return faults


def _ends(log: SharedLog, name: str) -> Hashable:
    """Return what identifies the state of a stream: a hash of its first and newest record, and its end."""
    try:
        records = (*log.read(name, 0, 1)[:1], *islice(log.read_back(name), 1))
        return hashlib.sha256(b"".join(record.data for record in records)).digest(), log.end(name)
    except NoSuchStream:
        return None


def _member(
    log: SharedLog, name: str, fold: GovernanceFold, position: Position, earlier: EarlierLooks
) -> Iterator[LogFault]:
    trust = MemberTrust(fold.state.consortium, fold.state.members[name])
    size = position.tree.size
    try:
        there = confirm(log, name, trust, Cursor(position.tree, position.last, position.next))
    except (LogGone, TailLost, HeadLost, HistoryRewritten) as error:
        yield _fault(error, name, size, _claimed_size(log, name))
        return
    try:
        beginning = read_beginning(log, name, earlier.beginnings.get(name), bounded=name != earlier.own)
        earlier.beginnings[name] = beginning
        if beginning.entry and not beginning.whole:
            lost = (
                "its oldest entries were deleted, and a new reader can verify nothing"
                if beginning.complete
                else "the search for its oldest entries further on was stopped before the end"
            )
            yield LogFault(
                BEGINS_LATE,
                name,
                f"the stream {name} begins with entry {beginning.entry + 1:,}: {lost}. Its member's node puts them on"
                " the log again when it publishes; set the topic's retention to unlimited",
                size,
                _claimed_size(log, name),
            )
        if there.next == log.end(name) and (refused := _refused_after(log, name, there)):
            yield LogFault(
                REFUSED,
                name,
                f"the newest {refused:,} records of the stream {name} are refused: nothing since entry {size:,} counts."
                " `registry log quarantine list` says why",
                size,
                _claimed_size(log, name),
            )
    except NoSuchStream:
        return  # admitted, and has published nothing yet


def _refused_after(log: SharedLog, name: str, cursor: Cursor) -> int:
    """Count the refused records after the last accepted one, up to the bound of `bounded_records`.

    Heads up to the tree's own size that are on the log again do not count.
    """
    newest = next(iter(log.read_back(name)), None)
    if newest is None or newest.position == cursor.last:
        return 0
    start = 0
    if cursor.last is not None:
        start = log.read(name, cursor.last, 1)[0].next
    elif cursor.tree.size:
        return 0  # where the last accepted record stands is not known
    commits = (parse_commit(record) for record in bounded_records(log.records(name, start)))
    return sum(commit is None or commit.checkpoint.size > cursor.tree.size for commit in commits)


def _claimed_size(log: SharedLog, name: str) -> int:
    try:
        return claimed_size(log, name)
    except NoSuchStream:
        return 0


def _fault(error: LogError, stream: str, read: int, claimed: int) -> LogFault:
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    return LogFault(code, stream, str(error), read, claimed)
