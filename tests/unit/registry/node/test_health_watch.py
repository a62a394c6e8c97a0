"""A node that watches itself: what it says before it has looked, and where looking fails or hangs."""

import contextlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from projections.core import views
from registry.node.health import last_error
from registry.node.health.health import LogState, NodeHealth
from registry.node.services import health_watch
from registry.node.services.health_watch import READINESS, HealthWatch
from tests.support.command import until
from tests.support.memory_log import MemoryLog

WELL = LogState([], away=False, changed=[], peers=[])


@pytest.fixture
def watch(monkeypatch, tmp_path):
    """A watch over a node that is well; `fails` is what the next looks raise."""
    fails, looks = [], []

    def look_at_log(*_):
        looks.append(len(looks))
        return WELL

    def look_at_node(*_):
        if fails:
            raise fails[-1]
        return NodeHealth(member="twente", version="0")

    monkeypatch.setattr(health_watch, "check_node_log", look_at_log)
    monkeypatch.setattr(health_watch, "check_node", look_at_node)
    monkeypatch.setattr(health_watch, "all_positions", lambda _: {})
    monkeypatch.setattr(views, "connect", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(health_watch, "LOOK_SECONDS", 0.01)
    made: Any = HealthWatch(
        SimpleNamespace(settings=SimpleNamespace(member="twente", home=tmp_path), dsn=str, unchecked_log=MemoryLog),
        says=True,
    )
    made.fails, made.looks = fails, looks
    return made


def test_a_node_that_has_not_looked_at_itself_is_not_ready(watch):
    assert watch.faults == {"health": ["the node has not checked itself yet"]}
    assert "health" in READINESS
    watch.look()
    assert watch.faults == {}


def test_a_look_that_fails_is_a_fault_until_one_succeeds(watch):
    watch.look()
    watch.fails.append(ValueError("what nobody thought of"))
    stop = threading.Event()
    watch.follow(stop)
    try:
        until(lambda: watch.faults)
        assert watch.faults == {"health": ["the node could not check itself: ValueError: what nobody thought of"]}
        assert watch.health is None
        watch.fails.clear()
        until(lambda: not watch.faults)
    finally:
        stop.set()


def test_a_look_that_hangs_is_a_fault(watch, monkeypatch):
    watch.look()
    assert watch.faults == {}
    monkeypatch.setattr(health_watch, "STALE_SECONDS", -1.0)
    assert "the check of the log or database hangs" in watch.faults["health"][0]


def test_the_log_is_looked_at_as_often_where_it_has_faults_as_where_it_has_none(watch, monkeypatch):
    monkeypatch.setattr(
        health_watch, "check_node_log", lambda *_: watch.looks.append(0) or WELL._replace(faults=["cut"])
    )
    for _ in range(3):
        watch.look()
    assert len(watch.looks) == 1


def test_a_log_that_goes_away_is_noticed_within_fifteen_seconds():
    assert health_watch.LOG_SECONDS + 2 * health_watch.LOOK_SECONDS < 15  # one look may just have begun


def test_the_publishers_own_error_is_kept_while_events_wait_because_of_it(watch, monkeypatch, tmp_path):
    last_error.note(tmp_path, "publishing", ValueError("the log refuses us"))
    kept = last_error.read(tmp_path)
    ill = NodeHealth(
        member="twente", version="0", faults={"publisher": ["1 stored event waits: ValueError: the log refuses us"]}
    )
    monkeypatch.setattr(health_watch, "check_node", lambda *_: ill)
    watch.look()
    assert last_error.read(tmp_path) == kept
    ill.faults["publisher"] = ["1 stored event waits; is `registry run` running?"]
    watch.look()
    assert last_error.read(tmp_path).work == "publisher"
