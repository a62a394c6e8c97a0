"""Counters of each client's requests, or failures, within a minute."""

import math
import time
from collections.abc import Callable
from typing import Final

_WINDOW_SECONDS: Final = 60.0


class PerMinute:
    """A limit for each client. A client's minute begins with the first event that is counted in it.

    Uses a monotonic clock: with a wall clock that is set back, a minute could last a day.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`most` is how many events a client may have in a minute."""
        self.most = most
        self._clock = clock
        self._counts: dict[str, tuple[float, int]] = {}
        """When each client's minute ends, and its count so far."""
        self._next_sweep = clock() + _WINDOW_SECONDS

    def add(self, client: str) -> bool:
        """Count one event; return True if it is within the limit."""
        now = self._clock()
        if now >= self._next_sweep:
            self._counts = {name: entry for name, entry in self._counts.items() if entry[0] > now}
            self._next_sweep = now + _WINDOW_SECONDS
        end, count = self._counts.get(client, (0.0, 0))
        if end <= now:
            end, count = now + _WINDOW_SECONDS, 0
        self._counts[client] = end, count + 1
        return count < self.most

    def remaining(self, client: str) -> int:
        """Return how many events the client may still have in its minute."""
        end, count = self._counts.get(client, (0.0, 0))
        return max(0, self.most - count) if end > self._clock() else self.most

    def seconds_left(self, client: str) -> int:
        """Return the seconds until the client's minute ends, at least 1."""
        end, _ = self._counts.get(client, (0.0, 0))
        return max(1, math.ceil(end - self._clock()))
