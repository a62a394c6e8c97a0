"""An earlier moment of the log, resolved to tree sizes (docs/decisions/0002).

Sizes decide. A date is resolved by the times at which witnesses cosigned; without any, by the members' own claims,
and the result says so.
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
"""Returns the largest size of a stream that witnesses had cosigned by a time; None if they had cosigned none."""

CLAIMED = "the members' own claims"
COSIGNED = "cosignatures"


class UnknownMoment(ValueError):
    """A moment that the log does not have: the message says what it has."""


def at_sizes(
    log: SharedLog, consortium: str, founded: bytes, current: Mapping[str, int], sizes: Mapping[str, int]
) -> Moment:
    """Return the moment at which streams had these sizes; streams that are not named are as they are now.

    `current` are the sizes known here, governance's among them. Raises `UnknownMoment`.
    """
    for stream, size in sizes.items():
        if stream not in current:
            raise UnknownMoment(f"there is no stream {stream}")
        if not 0 <= size <= current[stream]:
            raise UnknownMoment(f"{stream} has {current[stream]} events as far as this node has read, not {size}")
    all_sizes = {**current, **sizes}
    governance = _governance(log, consortium, founded, lambda fold: fold.size <= all_sizes[GOVERNANCE])
    members = {name: size for name, size in all_sizes.items() if name != GOVERNANCE}
    return Moment(members, governance.state, governance.size, "sizes")


def at_time(
    log: SharedLog,
    consortium: str,
    founded: bytes,
    current: Mapping[str, int],
    time: datetime,
    cosigned: Cosigned = lambda stream, time: None,  # noqa: ARG005 - nobody has
) -> Moment:
    """Return the moment at a time: what witnesses had cosigned by then, otherwise what members say was done by then."""
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    claimed = False
    sizes: dict[str, int] = {}
    for stream, size in current.items():
        if (cosigned_size := cosigned(stream, time)) is not None:
            sizes[stream] = min(cosigned_size, size)
        elif stream != GOVERNANCE:
            claimed = True
            sizes[stream] = _claimed_size(log, f"{consortium}/{stream}", stream, size, text)
    limit = sizes.pop(GOVERNANCE, None)
    if limit is None:
        claimed = True
        governance = _governance(log, consortium, founded, lambda fold: fold.last_time <= text)
    else:
        governance = _governance(log, consortium, founded, lambda fold: fold.size <= limit)
    return Moment(sizes, governance.state, governance.size, CLAIMED if claimed else COSIGNED)


def _governance(
    log: SharedLog, consortium: str, founded: bytes, holds: Callable[[GovernanceFold], bool]
) -> GovernanceFold:
    """Fold governance up to the last commit after which the condition still holds."""
    fold = GovernanceFold(consortium, founded)
    records: list[bytes] = []
    for record in log.records(GOVERNANCE):
        fold.take(record.data)
        if not holds(fold):
            break
        records.append(record.data)
    else:
        return fold
    before = GovernanceFold(consortium, founded)
    for data in records:
        before.take(data)
    return before


def _claimed_size(log: SharedLog, origin: str, stream: str, size: int, text: str) -> int:
    """Count a stream's leaves with a time up to `text`, by bisection, as if its times never decreased."""
    reader = Reader(origin)
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        commit = _commit_at(log, stream, middle)
        if commit is None:
            break
        base, lines = commit
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
                commit = wire.parse(record.data)
            except MalformedCommit:
                continue
            if commit.base <= leaf < commit.checkpoint.size:
                return commit.base, commit.lines
        at = records[-1].next
    return None


def _read(reader: Reader, line: bytes) -> Event[object] | None:
    try:
        event = reader.decode_one(line)
    except InvalidEvent:
        return None
    return event if isinstance(event, Event) else None
