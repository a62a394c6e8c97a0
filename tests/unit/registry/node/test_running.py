"""A node at work: what it tries again, and what it lets go of."""

import contextlib
import threading
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from registry.node.health import last_error
from registry.node.services import running
from registry.node.services.observers import Observer
from registry.publishing.errors import AnotherPublisher
from registry.settings.settings import SettingsError


class Publishing:
    """A node whose publisher does one thing after the other; what it raises is noted."""

    def __init__(self, stop, *acts):
        self.settings = SimpleNamespace(home=None, log_url="file:nowhere", intake_url=None, consortium="test.example")
        self.left = list(acts)
        self._stop = stop

    def publisher(self, _):
        return self

    @contextlib.contextmanager
    def session(self):
        act = self.left.pop(0)
        if isinstance(act, AnotherPublisher):
            raise act
        yield SimpleNamespace(run=lambda *_, **__: self._run(act))

    def _run(self, act):
        if act is not None:
            raise act
        self._stop.set()


WATCH = SimpleNamespace(follow=lambda _: None)


class Hurried(threading.Event):
    """An event that is not waited for, where a time is given."""

    def wait(self, timeout=None):
        return self.is_set() if timeout is not None else super().wait()


@pytest.fixture
def stop():
    return Hurried()


@pytest.fixture
def noted(monkeypatch):
    found = []
    monkeypatch.setattr(
        running, "_start_services", lambda _, threads, *__: threads.start("waiting", lambda s: s.wait())
    )
    monkeypatch.setattr(last_error, "note", lambda _, work, error: found.append((work, type(error))))
    return found


def test_a_lock_that_the_server_still_holds_for_a_lost_connection_is_tried_again(stop, noted):
    busy = AnotherPublisher("another process publishes this node's events")
    node = Publishing(stop, psycopg.OperationalError("the connection is lost"), busy, busy, None)
    running.run_node(node, WATCH, stop, Observer())
    assert node.left == []
    assert noted == [("publishing", psycopg.OperationalError), *[("publishing", AnotherPublisher)] * 2]


def test_a_node_that_another_process_publishes_for_does_not_start(stop, noted):
    busy = AnotherPublisher("another process publishes this node's events")
    with pytest.raises(AnotherPublisher):
        running.run_node(Publishing(stop, busy), WATCH, stop, Observer())
    assert noted == []


def test_a_log_of_another_consortium_is_closed_again(stop, monkeypatch):
    closed = []
    monkeypatch.setattr(running, "open_log", lambda *_, **__: SimpleNamespace(close=lambda: closed.append(True)))

    def check_founding(_):
        raise SettingsError("this log is of other.example")

    node: Any = Publishing(stop)
    node.check_founding = check_founding
    with pytest.raises(SettingsError):
        running.run_projector(node, stop, Observer())
    assert closed == [True]
