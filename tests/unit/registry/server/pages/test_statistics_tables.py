"""Tables of the statistics: made for each reader where that is quick, else shared for a while."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from projections.statistics.datasets import DESCRIPTIONS
from registry.server.pages import statistics_tables
from registry.server.pages.statistics_tables import SharedTables

COUNTS = {each.name: [] for each in DESCRIPTIONS} | {
    "awards-by-month": [("2025-05", "lund", 40), ("2026-05", "lund", 50), ("2026-06", "twente", 60)]
}


class _Views:
    """Counts how often it is read; fails with `fault`, if there is one."""

    def __init__(self):
        self.reads = 0
        self.fault = None

    async def answer(self, wait_for, read, cost):
        del wait_for, read
        assert cost == "scan"
        self.reads += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        content = SimpleNamespace(counts=COUNTS, names={"lund": "Lund"})
        return SimpleNamespace(content=content, headers={"Registry-Position": f"lund:{self.reads}"})


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    times = SimpleNamespace(monotonic=lambda: clock.now, thread_time=time.thread_time)
    monkeypatch.setattr(statistics_tables, "time", times)
    return clock


async def _finish():
    """Wait for what is being made in the background."""
    await asyncio.sleep(0)
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})


def test_quick_tables_are_made_for_each_reader():
    views, tables = _Views(), SharedTables()

    async def act():
        return [(await tables.read(views)).position for _ in range(3)]

    assert asyncio.run(act()) == ["lund:1", "lund:2", "lund:3"]


def test_slow_tables_are_shared_and_made_again_while_readers_get_the_last(clock, monkeypatch):
    monkeypatch.setattr(statistics_tables, "_SLOW_SECONDS", 0.0)
    views, tables = _Views(), SharedTables()

    async def act():
        first = await asyncio.gather(*(tables.read(views) for _ in range(5)))
        assert {each.position for each in first} == {"lund:1"}
        clock.now += 59
        assert (await tables.read(views)).position == "lund:1"
        clock.now += 2
        assert (await tables.read(views)).position == "lund:1"
        await _finish()
        assert (await tables.read(views)).position == "lund:2"
        clock.now += 3601
        assert (await tables.read(views)).position == "lund:3"
        assert views.reads == 3

    asyncio.run(act())


def test_a_failure_is_for_those_who_wait_and_the_next_reader_tries_again(clock, monkeypatch):
    monkeypatch.setattr(statistics_tables, "_SLOW_SECONDS", 0.0)
    views, tables = _Views(), SharedTables()
    views.fault = OSError("away")

    async def act():
        with pytest.raises(OSError, match="away"):
            await tables.read(views)
        views.fault = None
        await tables.read(views)
        clock.now += 61
        views.fault = OSError("away")
        assert (await tables.read(views)).position == "lund:2"  # young enough, while new ones fail
        await _finish()
        clock.now += 3540
        with pytest.raises(OSError, match="away"):
            await tables.read(views)

    asyncio.run(act())


def test_after_a_failure_that_nobody_waited_for_it_is_logged_and_tried_again_in_a_minute(clock, monkeypatch):
    monkeypatch.setattr(statistics_tables, "_SLOW_SECONDS", 0.0)
    views, tables = _Views(), SharedTables()

    async def read():
        position = (await tables.read(views)).position
        await asyncio.sleep(0.01)
        return position, views.reads

    async def act():
        await read()
        clock.now += 61
        views.fault = OSError("a value of somebody")
        with capture_logs() as logs:
            assert [await read() for _ in range(5)] == [("lund:1", 2)] * 5
        assert [(each["event"], each["error"]) for each in logs] == [("statistics.failed", "OSError")]
        assert "somebody" not in str(logs)
        views.fault = None
        clock.now += 59
        assert await read() == ("lund:1", 2)
        clock.now += 2
        assert await read() == ("lund:1", 3)
        assert await read() == ("lund:3", 3)

    asyncio.run(act())


def test_figures_of_a_year_have_all_years_to_choose_from():
    tables = asyncio.run(SharedTables().read(_Views()))
    assert (tables.figures("2025").awarded.shown, tables.figures("2025").years) == (40, ["2026", "2025"])
    assert tables.figures("1066").year == tables.figures("").year == "2026"
    assert tables.figures("2026", "lund").awarded.shown == 50
    assert tables.figures("2026") is tables.figures("")
