"""Reading the members' names for the first pages, while the views do not answer yet."""

import asyncio
from types import SimpleNamespace

from structlog.testing import capture_logs

from registry.http import HttpProblem
from registry.server.pages import member_names


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
