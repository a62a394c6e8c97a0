"""Disconnects: whether the client of the current request is still there.

The framework does not tell a handler. A handler with long work for one client awaits `client_left` along with the work.
"""

import asyncio
from contextvars import ContextVar
from typing import Final

from litestar.types import Receive

RECEIVE: Final[ContextVar[Receive | None]] = ContextVar("receive", default=None)
"""The server's own `receive` of the current request."""


async def client_left() -> None:
    """Return when the client has closed the connection; without a client, never.

    Drops the rest of the request's body. Cancel it when the answer is ready.
    """
    receive = RECEIVE.get()
    if receive is None:
        await asyncio.get_running_loop().create_future()
        return
    while (await receive())["type"] != "http.disconnect":
        pass
