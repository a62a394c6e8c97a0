"""Items of this node that are on the log, and not in its views yet."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_MAX_ITEMS: Final = 10_000
"""Beyond this number the oldest are forgotten: the views may be behind for long."""


class Unseen(Generic[T]):
    """Items that wait until the views reach a size of this member's stream. The publisher adds, the projector takes."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, T]] = deque(maxlen=_MAX_ITEMS)
        self._reached = 0
        """The stream's size in the views after the projector's current step."""
        self._seen = 0
        """The stream's size in the views after the last step."""

    def add(self, items: Iterable[tuple[int, T]]) -> list[T]:
        """Add items, each with the size that it waits for; return those that the views have already."""
        with self._lock:
            self._waiting.extend(items)
            return self._take()

    def reach(self, member: str, size: int) -> None:
        """Note the size that a stream will have in the views after the projector's current step."""
        if member == self._member:
            self._reached = size

    def step(self) -> list[T]:
        """Note the end of the projector's step; return the items that the views have since."""
        with self._lock:
            self._seen = self._reached
            return self._take()

    def _take(self) -> list[T]:
        visible = []
        while self._waiting and self._waiting[0][0] <= self._seen:
            visible.append(self._waiting.popleft()[1])
        return visible
