"""Reading the members' names for the first pages, while the views do not answer yet."""

import asyncio
from types import SimpleNamespace

from structlog.testing import capture_logs

from registry.accounts.site import site_of
from registry.http import HttpProblem
from registry.server.pages import member_names
from registry.server.pages.frame import Pages


class _Pages:
    def __init__(self):
        self.names = {}

    def learn(self, names, position):
        del position
        self.names = names


class _Views:
    """Fails twice for the same reason and once for another, then answers."""

    def __init__(self):
        self.faults = ["too many wait", "too many wait", "not yet"]

    async def answer(self, wait_for, read):
        del wait_for, read
        if self.faults:
            raise HttpProblem("not-there-yet", self.faults.pop(0))
        return SimpleNamespace(content={"twente": "Twente"}, headers={})


def test_each_reason_is_logged_once_until_the_names_are_known(monkeypatch):
    monkeypatch.setattr(member_names, "_RETRY_SECONDS", 0)
    pages = _Pages()
    with capture_logs() as entries:
        asyncio.run(member_names.learn_names(_Views(), pages))
    assert pages.names == {"twente": "Twente"}
    assert [(entry["event"], entry["error"]) for entry in entries] == [
        ("pages.names_not_read", "too many wait"),
        ("pages.names_not_read", "not yet"),
    ]


class _GrowingViews:
    """Counts how often the names are read."""

    def __init__(self):
        self.reads = 0
        self.position = "governance:3,twente:5"

    async def answer(self, wait_for, read):
        del wait_for, read
        self.reads += 1
        return SimpleNamespace(content={"twente": f"Twente {self.reads}"}, headers={"Registry-Position": self.position})


def test_names_are_read_again_only_when_governance_has_grown():
    views, pages = _GrowingViews(), Pages("eciu.example", "twente", site_of(None, "", 8000))

    def read(position):
        return asyncio.run(member_names.names_at(views, pages, position))["twente"]

    assert [read("governance:3,twente:5"), read("governance:3,twente:90")] == ["Twente 1", "Twente 1"]
    views.position = "governance:4,twente:90"
    assert [read("governance:4,twente:90"), read("governance:4,twente:91")] == ["Twente 2", "Twente 2"]
    assert [read("a-governance:4"), read("")] == ["Twente 3", "Twente 4"]  # positions without governance
