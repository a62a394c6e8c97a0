"""Whether the log is still the one that this node has read: there, of this founding, and at least as long."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from projections.positions import GOVERNANCE, Position
from registry.log import LogError, NoSuchStream, SharedLog

Code = Literal["unreadable", "gone", "shorter"]


class LogFault(NamedTuple):
    """One thing that is wrong with the log, as a sentence: what, where, and what to do."""

    code: Code
    stream: str
    detail: str

    @property
    def away(self) -> bool:
        """Whether the log cannot be read at all: exit code 4. Everything else is exit code 1."""
        return self.code in ("unreadable", "gone")


def check_log(log: SharedLog, positions: Mapping[str, Position], consortium: str, founded: bytes) -> list[LogFault]:
    """What is wrong with the log, held against the settings and what the views have read; nothing where it is well.

    A log that nobody founded yet is well as long as the views have read nothing.
    """
    del consortium, founded  # whose log it is, is asked when it is opened
    read = {stream: position for stream, position in positions.items() if position.next}
    try:
        next(log.records(GOVERNANCE), None)
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
