"""Governance as a serving node follows it."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from registry.log import ForeignLog, LogError, TailLost
from registry.node import governance_follower
from tests.support.command import until
from tests.support.governance_follower import FollowerWithoutViews
from tests.support.streams import CONSORTIUM, Consortium


@pytest.fixture
def consortium():
    return Consortium("twente")


@pytest.fixture
def followed(consortium, monkeypatch):
    """A node's log that may fail, and standings that are read on from it every moment."""
    monkeypatch.setattr(governance_follower, "_FRESH_SECONDS", 0.02)
    fails = []

    def log():
        if fails:
            raise fails[-1]
        return consortium.log()

    settings = SimpleNamespace(consortium=CONSORTIUM, founded_hash=consortium.founded)
    made: Any = FollowerWithoutViews(SimpleNamespace(settings=settings, log=log))
    stop = threading.Event()
    made.fails = fails
    made.follow(stop)
    yield made
    stop.set()


def standing(followed, member):
    return followed.standings_at(member, 0)[1]


def test_what_governance_says_is_known_without_anybody_asking(followed, consortium):
    assert followed.wait_for_first_read(5)
    assert standing(followed, "twente") == "active"
    assert standing(followed, "lund") == "unknown"
    consortium.seal(consortium.admission("lund"))
    until(lambda: len(followed.fold().state.members) == 2)
    assert standing(followed, "lund") == "active"


@pytest.mark.parametrize("error", [LogError("away"), ValueError("what nobody thought of")])
def test_a_log_that_fails_is_tried_again_and_what_was_known_is_answered_from(followed, consortium, error):
    assert followed.wait_for_first_read(5)
    followed.fails.append(error)
    consortium.seal(consortium.admission("lund"))
    threading.Event().wait(0.1)
    assert [standing(followed, member) for member in ("twente", "lund")] == ["active", "unknown"]
    followed.fails.clear()
    until(lambda: standing(followed, "lund") == "active")


def test_a_log_that_was_replaced_by_a_copy_without_its_garbage_is_read_on(consortium):
    log = consortium.log()
    log.append("governance", [b"garbage"] * 3)
    node = SimpleNamespace(settings=SimpleNamespace(consortium=CONSORTIUM, founded_hash=consortium.founded))
    node.log = lambda: log
    made = FollowerWithoutViews(node)
    made.read_on()
    assert made._reader.next == 4  # noqa: SLF001 - it has read past the garbage
    log.cut("governance", 1)
    for name in ("lund", "aveiro", "bergen", "porto"):
        log.append("governance", [consortium.seal(consortium.admission(name))])
    for more in (0, 1):  # at once, and when there is more to read
        made.read_on()
        assert (made.error, made.fold().size) == (None, 6 + more)
        log.append("governance", [consortium.seal(consortium.admission("siena"))])
    assert standing(made, "porto") == "active"


def test_governance_that_the_log_lost_goes_on_counting_and_the_error_says_so(consortium):
    consortium.seal(consortium.admission("lund"))
    log = consortium.log()
    node = SimpleNamespace(settings=SimpleNamespace(consortium=CONSORTIUM, founded_hash=consortium.founded))
    node.log = lambda: log
    made = FollowerWithoutViews(node)
    made.read_on()
    log.cut("governance", 1)
    for _ in range(2):
        made.read_on()
        assert isinstance(made.error, TailLost)
        assert standing(made, "lund") == "active"
    log.append("governance", [consortium.records[1]])
    made.read_on()
    assert (made.error, made.fold().size) == (None, 3)


def test_a_log_of_another_founding_is_neither_read_nor_answered_from(consortium):
    log = Consortium("twente").log()
    node = SimpleNamespace(settings=SimpleNamespace(consortium=CONSORTIUM, founded_hash=consortium.founded))
    node.log = lambda: log
    made = FollowerWithoutViews(node)
    with pytest.raises(ForeignLog, match="another founding"):
        made.record("twente")
    assert isinstance(made.error, ForeignLog)
