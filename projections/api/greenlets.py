"""Run synchronous code in the event loop's thread; the loop goes on while that code waits.

SQLAlchemy's asyncio extension works in the same way.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class _LoopGreenlet(greenlet):
    """Code that `run` started. It sees the context variables of its caller."""

    def __init__(self, act: Callable[[], Any]) -> None:
        caller = getcurrent()
        super().__init__(act, caller)
        self.gr_context = caller.gr_context


async def run(act: Callable[[], T]) -> T:
    """Return what `act` returns. It and the functions that it calls may use `await_`."""
    running = _LoopGreenlet(act)
    result = running.switch()
    while not running.dead:
        try:
            value = await result
        except BaseException as error:  # noqa: BLE001 - raised again where the code waits
            result = running.throw(error)
        else:
            result = running.switch(value)
    return result  # type: ignore[no-any-return] # the last switch returns what `act` returned


def is_running() -> bool:
    """Return whether the caller was started by `run`, and may use `await_`."""
    return isinstance(getcurrent(), _LoopGreenlet)


def await_(awaitable: Awaitable[T]) -> T:
    """Wait for `awaitable` and return its result. Only code that `run` started may call this."""
    loop = getcurrent().parent
    assert loop is not None  # noqa: S101 - `run` is the parent
    return loop.switch(awaitable)  # type: ignore[no-any-return] # `run` switches back with the result
