"""Governance as a serving node follows it."""

import threading
from types import SimpleNamespace

import pytest

from registry.cli import standings
from registry.cli.standings import Standings
from registry.log import LogError
from tests.support.command import until
from tests.support.streams import CONSORTIUM, Consortium


@pytest.fixture
def consortium():
    return Consortium("twente")


@pytest.fixture
def followed(consortium, monkeypatch):
    """A node's log that may fail, and standings that are read on from it every moment."""
    monkeypatch.setattr(standings, "_FRESH", 0.02)
    fails = []

    def log():
        if fails:
            raise fails[-1]
        return consortium.log()

    settings = SimpleNamespace(consortium=CONSORTIUM, founded_hash=consortium.founded)
    made, stop = Standings(SimpleNamespace(settings=settings, log=log)), threading.Event()
    made.fails = fails
    made.follow(stop)
    yield made
    stop.set()


def standing(followed, member):
    return followed.of(member, 0)[1]


def test_what_governance_says_is_known_without_anybody_asking(followed, consortium):
    assert followed.begun(5)
    assert standing(followed, "twente") == "active"
    assert standing(followed, "lund") == "unknown"
    consortium.seal(consortium.admission("lund"))
    until(lambda: len(followed._fold.state.members) == 2)
    assert standing(followed, "lund") == "active"


@pytest.mark.parametrize("error", [LogError("away"), ValueError("what nobody thought of")])
def test_a_log_that_fails_is_tried_again_and_what_was_known_is_answered_from(followed, consortium, error):
    assert followed.begun(5)
    followed.fails.append(error)
    consortium.seal(consortium.admission("lund"))
    threading.Event().wait(0.1)
    assert [standing(followed, member) for member in ("twente", "lund")] == ["active", "unknown"]
    followed.fails.clear()
    until(lambda: standing(followed, "lund") == "active")
