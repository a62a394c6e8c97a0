"""Faults of the log that a projector meets: which is the worst, and which are not looked into at every step."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.log import ForeignLog, HeadLost, HistoryRewritten, LogError, LogGone, TailLost

LOST: Final = (TailLost, HeadLost, HistoryRewritten, LogGone, ForeignLog)
"""Faults of a stream that can be read. Verifying all of it again is expensive, and is not done at every step."""
_FIRST_PAUSE_SECONDS: Final = 5.0
_MAX_PAUSE_SECONDS: Final = 300.0


class LostStream(NamedTuple):
    """The fault of a member's stream when it was last verified."""

    error: LogError
    state: tuple[int, int]
    """The end of the stream, and the governance entry that last changed which of the member's events count."""
    again_at: float
    """The monotonic time at which it is verified again if neither changed."""
    pause: float


def next_pause(before: LostStream | None) -> float:
    """Return the seconds until a stream is verified again: twice the pause before."""
    return _FIRST_PAUSE_SECONDS if before is None else min(2 * before.pause, _MAX_PAUSE_SECONDS)


def join_faults(faults: Sequence[LogError]) -> LogError:
    """Return the worst fault, with the messages of all."""
    if len(faults) == 1:
        return faults[0]
    return type(_worst(faults))("\n".join(dict.fromkeys(str(error) for error in faults)))


def _worst(faults: Sequence[LogError]) -> LogError:
    """Return the fault that says most: another history, then lost entries, then what cannot be read now."""
    return min(faults, key=lambda fault: (not isinstance(fault, HistoryRewritten), not isinstance(fault, LOST)))
