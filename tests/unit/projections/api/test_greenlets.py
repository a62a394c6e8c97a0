"""Synchronous code in the event loop's thread, which waits while the loop goes on."""

import asyncio
from contextvars import ContextVar

import pytest

from projections.api import greenlets
from projections.api.pools import share

NAME = ContextVar("name", default="nobody")


def test_code_waits_while_the_loop_goes_on():
    async def both():
        begun, ended = asyncio.Event(), asyncio.Event()

        def act():
            begun.set()
            greenlets.await_(ended.wait())
            return "done"

        async def end():
            await begun.wait()
            ended.set()

        return await asyncio.gather(greenlets.run(act), end())

    assert asyncio.run(both()) == ["done", None]


def test_what_is_awaited_returns_or_raises_where_the_code_waits():
    async def refuse():
        raise LookupError("no such row")

    def act():
        with pytest.raises(LookupError, match="no such row"):
            greenlets.await_(refuse())
        return greenlets.await_(asyncio.sleep(0, "a row"))

    assert asyncio.run(greenlets.run(act)) == "a row"


def test_what_the_code_raises_reaches_the_caller():
    def act():
        greenlets.await_(asyncio.sleep(0))
        raise LookupError("no such row")

    with pytest.raises(LookupError, match="no such row"):
        asyncio.run(greenlets.run(act))


def test_a_caller_that_is_cancelled_cancels_the_code():
    cleaned_up = []

    def act():
        try:
            greenlets.await_(asyncio.sleep(60))
        finally:
            cleaned_up.append(True)

    async def cancel():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(greenlets.run(act), 0.01)

    asyncio.run(cancel())
    assert cleaned_up == [True]


def test_the_code_sees_the_context_variables_of_its_caller():
    async def load_query():
        NAME.set("twente")
        return await greenlets.run(lambda: (NAME.get(), greenlets.is_running()))

    assert asyncio.run(load_query()) == ("twente", True)
    assert not greenlets.is_running()


@pytest.mark.parametrize("connections", range(3, 101))
def test_lookups_searches_and_threads_have_connections_each(connections):
    shares = share(connections)
    assert sum(shares) == connections
    assert min(shares) >= 1
    assert connections < 8 or shares[:2] == (3, 2)
