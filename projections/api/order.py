"""In which order answers are made: some at a time, and who asks about one thing is not kept waiting by searches.

A search or a list costs as much as several lookups by an id. Taken as they come, searches would at times have all
turns, and everybody else waited as long as they take.
"""

import asyncio
from collections import deque
from typing import Final

_SEARCHES: Final = 2
"""At a time, while nobody asks about one thing; else one, which is never kept waiting by the others."""


class Order:
    """The turns of one loop."""

    def __init__(self, turns: int) -> None:
        """So many at a time."""
        self._free = turns
        self._lookups = 0
        """Under way, or waiting."""
        self._searches = 0
        """Under way."""
        self._after_search = False
        """Whether the last turn went to one."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._searching: deque[asyncio.Future[None]] = deque()

    async def begin(self, *, search: bool) -> None:
        """Wait for a turn; whoever got one says when it is over."""
        self._lookups += not search
        mine = asyncio.get_running_loop().create_future()
        among = self._searching if search else self._waiting
        among.append(mine)
        self._next()
        if mine.done():
            return
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                among.remove(mine)
                self._lookups -= not search
                self._next()
            else:  # it was given at the moment when nobody wanted it any more
                self.end(search=search)
            raise

    def end(self, *, search: bool) -> None:
        """A turn is over."""
        self._free += 1
        if search:
            self._searches -= 1
        else:
            self._lookups -= 1
        self._next()

    def _next(self) -> None:
        while self._free:
            if self._searching and not self._searches and not (self._waiting and self._after_search):
                self._give(self._searching)
            elif self._waiting:
                self._give(self._waiting)
            elif self._searching and not self._lookups and self._searches < _SEARCHES:
                self._give(self._searching)
            else:
                return

    def _give(self, among: "deque[asyncio.Future[None]]") -> None:
        self._free -= 1
        self._after_search = among is self._searching
        self._searches += self._after_search
        among.popleft().set_result(None)
