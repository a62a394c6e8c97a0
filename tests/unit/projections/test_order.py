"""Who gets the next turn."""

import asyncio
import contextlib
import random

import pytest

from projections.api.order import Order


class Played:
    """Answers that are begun by name, and end when they are told to."""

    def __init__(self, turns):
        self.order, self.running, self._tasks, self._ends = Order(turns), [], {}, {}

    async def asked(self, *names):
        """A name that begins with s is a search's."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._one(name))
        await self._settled()

    async def _one(self, name):
        search = name.startswith("s")
        await self.order.begin(search=search)
        self.running.append(name)
        try:
            await self._ends[name].wait()
        finally:
            self.running.remove(name)
            self.order.end(search=search)

    async def ended(self, name):
        self._ends[name].set()
        await self._settled()

    async def given_up(self, name):
        self._tasks[name].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._tasks[name]
        await self._settled()

    async def _settled(self):
        for _ in range(5):
            await asyncio.sleep(0)


def test_so_many_at_a_time_in_the_order_they_came():
    async def play():
        played = Played(3)
        await played.asked("a", "b", "c", "d", "e")
        assert played.running == ["a", "b", "c"]
        await played.ended("b")
        assert played.running == ["a", "c", "d"]

    asyncio.run(play())


def test_there_is_one_search_at_a_time_and_a_second_where_it_has_waited_for_long():
    async def play():
        played = Played(3)
        await played.asked("a", "s1", "s2", "s3")
        assert played.running == ["a", "s1"]
        await played.asked("b", "c")
        assert played.running == ["a", "s1", "b"]  # lookups go before a second
        await played.ended("b")
        assert played.running == ["a", "s1", "c"]
        await asyncio.sleep(0.01)
        await played.ended("c")
        assert played.running == ["a", "s1", "s2"]
        await played.ended("a")
        assert played.running == ["s1", "s2"]  # a third never
        await played.ended("s1")
        assert played.running == ["s2", "s3"]

    asyncio.run(play())


def test_a_second_search_begins_by_itself_where_the_first_is_slow():
    async def play():
        played = Played(3)
        await played.asked("s1", "s2", "s3")
        assert played.running == ["s1"]
        await asyncio.sleep(0.05)
        assert played.running == ["s1", "s2"]

    asyncio.run(play())


def test_a_turn_is_left_for_lookups():
    async def play():
        for turns in (2, 3):
            played = Played(turns)
            await played.asked("s1", "s2", "s3")
            await asyncio.sleep(0.03)
            assert len(played.running) == turns - 1
            await played.asked("a")
            assert played.running[-1] == "a"

    asyncio.run(play())


def test_one_slow_search_does_not_stop_the_others_however_many_look_something_up():
    async def play():
        played = Played(3)
        await played.asked("s1", "s2", *(f"a{n}" for n in range(20)))
        for _ in range(20):
            await asyncio.sleep(0.01)
            await played.ended(next(name for name in played.running if name.startswith("a")))
            if "s2" in played.running:
                break
        assert "s2" in played.running
        assert [name for name in played.running if name.startswith("a")]

    asyncio.run(play())


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_neither_starves_the_other(turns):
    async def play():
        played = Played(turns)
        await played.asked(*(f"a{n}" for n in range(9)), *(f"s{n}" for n in range(9)))
        kinds = []
        while played.running:
            kinds.append(played.running[0][0])
            await played.ended(played.running[0])
        assert (kinds.count("a"), kinds.count("s")) == (9, 9)
        assert "s" in "".join(kinds)[: turns + 2]
        assert "a" in "".join(kinds)[: turns + 2]

    asyncio.run(play())


def test_one_that_is_given_up_leaves_its_turn_to_others():
    async def play():
        played = Played(2)
        await played.asked("a", "b", "c", "d", "s1", "s2")
        await played.given_up("c")  # it waited
        await played.given_up("s1")
        await played.given_up("a")  # it was under way
        assert played.running == ["b", "s2"]
        await played.ended("b")
        assert played.running == ["s2", "d"]
        await played.ended("s2")
        await played.ended("d")
        assert played.running == []

    asyncio.run(play())


def test_one_that_is_given_up_as_its_turn_comes_gives_it_on():
    async def play():
        for name in ("b", "s"):
            played = Played(1)
            await played.asked("a", name, "c")
            played._ends["a"].set()
            for _ in range(9):
                if len(played.order._waiting) + len(played.order._searching) == 1:
                    break
                await asyncio.sleep(0)
            assert played.running == []  # the turn has been given, and its task has not run yet
            await played.given_up(name)
            assert played.running == ["c"], name

    asyncio.run(play())


def test_one_that_was_given_up_a_moment_ago_gets_no_turn():
    async def play():
        for name in ("b", "s"):
            played = Played(2)
            await played.asked("a", "b1", f"{name}2", f"{name}3", "c", "d")
            for one in (f"{name}3", f"{name}2", "b1", "a"):
                played._tasks[one].cancel()
            await played._settled()
            assert played.running == ["c", "d"], name
            await played.asked("e")
            await played.ended("c")
            assert played.running == ["d", "e"], name

    asyncio.run(play())


def test_whatever_comes_and_goes_every_turn_is_used_and_none_is_made_up():
    async def play():
        chance, played, n = random.Random(3), Played(3), 0
        for _ in range(400):
            if chance.random() < 0.5 or not played.running:
                n += 1
                await played.asked(f"{chance.choice('as')}{n}")
            elif chance.random() < 0.2:
                await played.given_up(chance.choice([name for name, task in played._tasks.items() if not task.done()]))
            else:
                await played.ended(chance.choice(played.running))
            waiting = [name for name, task in played._tasks.items() if not task.done() and name not in played.running]
            searches = sum(name.startswith("s") for name in played.running)
            assert len(played.running) <= 3
            assert searches <= 2
            if any(not name.startswith("s") for name in waiting):
                assert len(played.running) == 3
            elif waiting:
                assert len(played.running) == 3 or searches >= 1
        for name in [*played._tasks]:
            await played.given_up(name)
        await played.asked("x", "y", "z")
        assert played.running == ["x", "y", "z"]

    asyncio.run(play())
