"""In which order requests begin to be answered: the clients take turns, and the event loop does other things between.

A request whose answer is ready at once takes the loop's thread for as long as it takes to make and write it. A client
that sends hundreds at a time, over as many connections or one behind the other, would take it for seconds.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

Start = Callable[[], None]


class StartQueue:
    """The requests of one process that wait for their turn. Belongs to its event loop."""

    def __init__(self, call_soon: Callable[[Start], object]) -> None:
        """`call_soon` calls something in the loop's next round."""
        self._call_soon = call_soon
        self._waiting: OrderedDict[str, deque[Start]] = OrderedDict()
        """By client; the one whose turn is next comes first."""

    def add(self, client: str, start: Start) -> None:
        """Let a request of this client begin when its turn comes: in the next round, if no other waits."""
        if not self._waiting:
            self._call_soon(self._turn)
        self._waiting.setdefault(client, deque()).append(start)

    def _turn(self) -> None:
        """Begin one request. Between two of them the loop does all else that it has to do."""
        client, starts = self._waiting.popitem(last=False)
        start = starts.popleft()
        if starts:
            self._waiting[client] = starts
        if self._waiting:
            self._call_soon(self._turn)
        start()
