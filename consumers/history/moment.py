"""An earlier moment of the log, resolved to tree sizes (docs/decisions/0002).

Sizes are what decides. A date is resolved by the times that witnesses cosigned at; where there are none it is
the members' own claim, and called so.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from consumers.governance.governance import GovernanceFold
from projections.records.as_of import Moment
from registry.log import GOVERNANCE, SharedLog
from registry.wire import commit as wire
from registry.wire.errors import InvalidEvent, MalformedCommit
from registry.wire.events import Event, Reader

Cosigned = Callable[[str, datetime], int | None]
"""The largest size of a stream that witnesses had cosigned by a time; None where they have cosigned nothing of it."""

CLAIMED = "the members' own claims"
COSIGNED = "cosignatures"


class UnknownMoment(ValueError):
    """A moment that the log does not have: the message says what it has."""


def at_sizes(
    log: SharedLog, consortium: str, founded: bytes, current: Mapping[str, int], sizes: Mapping[str, int]
) -> Moment:
    """The moment at which streams had these sizes; those that are not named are as they are now.

    `current` are the sizes known here, governance's among them. Raises `UnknownMoment`.
    """
    for stream, size in sizes.items():
        if stream not in current:
            raise UnknownMoment(f"there is no stream {stream}")
        if not 0 <= size <= current[stream]:
            raise UnknownMoment(f"{stream} has {current[stream]} events as far as this node has read, not {size}")
    wanted = {**current, **sizes}
    fold = _governance(log, consortium, founded, lambda found: found.size <= wanted[GOVERNANCE])
    return Moment({name: size for name, size in wanted.items() if name != GOVERNANCE}, fold.state, fold.size, "sizes")


def at_time(
    log: SharedLog,
    consortium: str,
    founded: bytes,
    current: Mapping[str, int],
    time: datetime,
    cosigned: Cosigned = lambda stream, time: None,  # noqa: ARG005 - nobody has
) -> Moment:
    """The moment at a time: what witnesses had cosigned by then, otherwise what members say was done by then."""
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    claimed = False
    sizes: dict[str, int] = {}
    for stream, size in current.items():
        if (known := cosigned(stream, time)) is not None:
            sizes[stream] = min(known, size)
        elif stream != GOVERNANCE:
            claimed = True
            sizes[stream] = _claimed(log, f"{consortium}/{stream}", stream, size, text)
    limit = sizes.pop(GOVERNANCE, None)
    if limit is None:
        claimed = True
        fold = _governance(log, consortium, founded, lambda found: found.last_time <= text)
    else:
        fold = _governance(log, consortium, founded, lambda found: found.size <= limit)
    return Moment(sizes, fold.state, fold.size, CLAIMED if claimed else COSIGNED)


def _governance(
    log: SharedLog, consortium: str, founded: bytes, holds: Callable[[GovernanceFold], bool]
) -> GovernanceFold:
    """Governance up to the last commit after which the condition still holds."""
    fold = GovernanceFold(consortium, founded)
    taken: list[bytes] = []
    for record in log.records(GOVERNANCE):
        fold.take(record.data)
        if not holds(fold):
            break
        taken.append(record.data)
    else:
        return fold
    before = GovernanceFold(consortium, founded)
    for data in taken:
        before.take(data)
    return before


def _claimed(log: SharedLog, origin: str, stream: str, size: int, text: str) -> int:
    """How many of a stream's leaves bear a time up to `text`: bisected, as if its times did not decrease."""
    reader = Reader(origin)
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        found = _commit_at(log, stream, middle)
        if found is None:
            break
        base, lines = found
        times = [event.time for line in lines if (event := _read(reader, line)) is not None]
        if not times:
            break
        if times[-1] <= text:
            low = base + len(lines)
        elif times[0] > text:
            high = base
        else:
            return base + sum(time <= text for time in times)
    return min(low, size)


def _commit_at(log: SharedLog, stream: str, leaf: int) -> tuple[int, list[bytes]] | None:
    at = log.seek(stream, leaf)
    while records := log.read(stream, at):
        for record in records:
            try:
                parsed = wire.parse(record.data)
            except MalformedCommit:
                continue
            if parsed.base <= leaf < parsed.checkpoint.size:
                return parsed.base, parsed.lines
        at = records[-1].next
    return None


def _read(reader: Reader, line: bytes) -> Event[object] | None:
    try:
        event = reader.decode_one(line)
    except InvalidEvent:
        return None
    return event if isinstance(event, Event) else None
