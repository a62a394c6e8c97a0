"""Views that stand still although the log goes on."""

import time

import pytest

from projections.core.positions import Position
from registry.node.health.view_lag import LagWatch
from tests.support.memory_log import MemoryLog


@pytest.fixture
def log():
    made = MemoryLog()
    for name in ("lund", "twente"):
        made.create(name)
        made.append(name, [b"a", b"b"])
    return made


@pytest.fixture
def clock(monkeypatch):
    """The time that the watch has; it goes on as the test says."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_stream_that_is_not_read_on_for_a_minute_is_named(log, clock):
    watch = LagWatch()
    places = {"lund": Position("lund", next=1), "twente": Position("twente", next=2)}
    assert watch.faults(log, places) == {}
    clock[0] += 59
    assert watch.faults(log, places) == {}
    clock[0] += 182
    assert list(watch.faults(log, places)) == ["lund"]
    assert "have not read on in the stream lund for 4 minutes" in watch.faults(log, places)["lund"]


def test_one_that_is_read_on_slowly_is_well_and_so_is_one_at_its_end(log, clock):
    watch = LagWatch()
    for place in (0, 1, 2):
        assert watch.faults(log, {"lund": Position("lund", next=place)}) == {}
        clock[0] += 50
    clock[0] += 1000
    assert watch.faults(log, {"lund": Position("lund", next=2)}) == {}


def test_a_stream_that_is_gone_is_left_to_those_who_look_at_the_log(log, clock):
    watch = LagWatch()
    watch.faults(log, {"delft": Position("delft", next=1)})
    clock[0] += 1000
    assert watch.faults(log, {"delft": Position("delft", next=1)}) == {}


def test_a_stream_was_last_read_when_the_log_had_no_more_of_it(log):
    watch = LagWatch()
    began = watch.last_read("lund")
    watch.faults(log, {"lund": Position("lund", next=1), "twente": Position("twente", next=2)})
    assert watch.last_read("lund") == began
    read = watch.last_read("twente")
    assert read > began
    log.append("twente", [b"c"])
    watch.faults(log, {"twente": Position("twente", next=2)})
    assert watch.last_read("twente") == read
