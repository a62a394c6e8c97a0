"""Whether the client of the current request is still there.

The framework tells a handler nothing of it. Whoever works long for one client waits for `client_left` beside the work.
"""

import asyncio
from contextvars import ContextVar
from typing import Final

from litestar.types import Receive

RECEIVE: Final[ContextVar[Receive | None]] = ContextVar("receive", default=None)
"""How the current request receives, as the server gives it."""


async def client_left() -> None:
    """Return when the client has closed the connection; never, where there is no client.

    The request's body, if it was not read, is dropped. To be cancelled when the answer is there.
    """
    receive = RECEIVE.get()
    if receive is None:
        await asyncio.get_running_loop().create_future()
        return
    while (await receive())["type"] != "http.disconnect":
        pass
