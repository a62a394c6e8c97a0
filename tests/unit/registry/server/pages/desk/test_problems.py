"""Problems that a page of the desk answers itself, and those that it passes on."""

import asyncio
from types import SimpleNamespace
from uuid import uuid4

import pytest

from registry.http import HttpProblem
from registry.server.pages.desk import dashboard, erasing


def _views(kind):
    async def answer(*_, **__):
        raise HttpProblem(kind, "not now")

    return SimpleNamespace(answer=answer)


def test_a_worklist_that_costs_too_much_is_left_out_and_any_other_problem_is_not():
    assert asyncio.run(dashboard.count_items(_views("too-costly"), "twente")) is None
    with pytest.raises(HttpProblem) as problem:
        asyncio.run(dashboard.count_items(_views("not-there-yet"), "twente"))
    assert problem.value.kind == "not-there-yet"


def test_a_learner_who_cannot_be_read_is_not_erased_without_the_typed_name(monkeypatch):
    def read(private, learner):
        del private, learner
        raise HttpProblem("too-costly", "not now")

    erased = []
    monkeypatch.setattr(erasing, "_read", read)
    monkeypatch.setattr(erasing, "erase_learner", lambda *_: erased.append(_))
    with pytest.raises(HttpProblem) as problem:
        erasing.erase.fn(None, None, None, None, uuid4(), {"key": "a key"})
    assert problem.value.kind == "too-costly"
    assert erased == []
