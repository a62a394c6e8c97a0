"""What this node has put on the log and its views do not have yet."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_MOST: Final = 10_000
"""Of more than these the oldest are forgotten: the views may stand still for long."""


class Unseen(Generic[T]):
    """Items that wait until the views have a size of this member's stream. The publisher adds, the projector takes."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, T]] = deque(maxlen=_MOST)
        self._reached = 0
        """The size that the stream is getting in the views."""
        self._seen = 0
        """The size that it has there."""

    def add(self, items: Iterable[tuple[int, T]]) -> list[T]:
        """Let items wait, each with the size that it waits for; return those that the views have already."""
        with self._lock:
            self._waiting.extend(items)
            return self._take()

    def reach(self, member: str, size: int) -> None:
        """Note the size that a stream gets by the projector's step that is under way."""
        if member == self._member:
            self._reached = size

    def step(self) -> list[T]:
        """Note that the projector's step has ended; return what the views have since."""
        with self._lock:
            self._seen = self._reached
            return self._take()

    def _take(self) -> list[T]:
        taken = []
        while self._waiting and self._waiting[0][0] <= self._seen:
            taken.append(self._waiting.popleft()[1])
        return taken
