"""Code that waits as if its thread were its own, many of it in one thread: the loop goes on while one of them waits.

A thread for each would wait for the interpreter, and for each other, longer than most answers take.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


async def turn(act: Callable[[], T]) -> T:
    """What `act` returns, or raises; it may wait by `wait`."""
    running = greenlet(act)
    given = running.switch()
    while not running.dead:
        try:
            await given
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where it was waited for
            given = running.throw(error)
        else:
            given = running.switch()
    return given  # type: ignore[no-any-return] # a greenlet's last is what its function returned


def wait(until: "asyncio.Future[None]") -> None:
    """Within a turn: let others go on until this is done. Raises what it raises."""
    loop = getcurrent().parent
    assert loop is not None  # noqa: S101 - a turn has who began it
    loop.switch(until)
