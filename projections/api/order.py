"""In which order answers are made: some at a time, and who asks about one thing is not kept waiting by searches.

A search or a list costs as much as several lookups by an id. Taken as they come, searches would at times have all
turns, and everybody else waited as long as they take. One at a time never waits for lookups. A second begins where it
has waited for some time and no lookup waits, or for long: so one that is slow does not stop all others. A turn is left
for lookups, unless there is one turn only.
"""

import asyncio
from collections import deque
from typing import Final

_SEARCHES: Final = 2
"""At a time."""
_SOME_TIME: Final = 0.007
"""Seconds: several lookups' time, and less than most notice."""
_LONG: Final = 0.1
_Waiting = deque[tuple[asyncio.Future[None], float]]
"""Who waits, and since when."""


class Order:
    """The turns of one loop."""

    def __init__(self, turns: int) -> None:
        """So many at a time."""
        self._free = turns
        self._most = max(1, min(_SEARCHES, turns - 1))
        """Searches."""
        self._searches = 0
        """Under way."""
        self._after_search = False
        """Whether the last turn went to one."""
        self._waiting: _Waiting = deque()
        self._searching: _Waiting = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting) + len(self._searching)

    async def begin(self, *, search: bool) -> None:
        """Wait for a turn; whoever got one says when it is over."""
        loop = asyncio.get_running_loop()
        mine, since = loop.create_future(), loop.time()
        among = self._searching if search else self._waiting
        among.append((mine, since))
        self._next(since)
        if mine.done():
            return
        if search:  # else the first may be slow, and nobody come by whose turn is the occasion
            loop.call_later(_SOME_TIME + 0.001, lambda: self._next(loop.time()))
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was given at the moment when nobody wanted it any more
                self.end(search=search)
            raise

    def end(self, *, search: bool) -> None:
        """A turn is over."""
        self._free += 1
        self._searches -= search
        self._next(asyncio.get_running_loop().time())

    def _next(self, now: float) -> None:
        while self._free:
            for among in (self._waiting, self._searching):
                while among and among[0][0].cancelled():  # nobody wants it any more
                    among.popleft()
            if self._searching and self._search_is_next(now):
                self._give(self._searching)
            elif self._waiting:
                self._give(self._waiting)
            else:
                return

    def _search_is_next(self, now: float) -> bool:
        if not self._searches:
            return not (self._waiting and self._after_search)
        waited = now - self._searching[0][1]
        return self._searches < self._most and waited > (_LONG if self._waiting else _SOME_TIME)

    def _give(self, among: _Waiting) -> None:
        self._free -= 1
        self._after_search = among is self._searching
        self._searches += self._after_search
        among.popleft()[0].set_result(None)
