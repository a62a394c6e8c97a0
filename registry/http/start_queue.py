"""The order in which requests start: clients take turns, and the event loop does other work in between.

A request that never waits occupies the loop's thread until its answer is written. Without turns, a client that sends
hundreds of requests at once, over many connections or pipelined, would occupy it for seconds.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

Start = Callable[[], None]


class StartQueue:
    """The requests of one process that wait to start. Belongs to the process's event loop."""

    def __init__(self, call_soon: Callable[[Start], object]) -> None:
        """`call_soon` calls a function in the loop's next iteration."""
        self._call_soon = call_soon
        self._waiting: OrderedDict[str, deque[Start]] = OrderedDict()
        """Waiting requests by client; the client whose turn is next comes first."""

    def add(self, client: str, start: Start) -> None:
        """Start a request of this client at its turn: in the loop's next iteration, if no other waits."""
        if not self._waiting:
            self._call_soon(self._turn)
        self._waiting.setdefault(client, deque()).append(start)

    def _turn(self) -> None:
        """Start one request, and schedule the next turn, before which the loop does its other work."""
        client, starts = self._waiting.popitem(last=False)
        start = starts.popleft()
        if starts:
            self._waiting[client] = starts
        if self._waiting:
            self._call_soon(self._turn)
        start()
