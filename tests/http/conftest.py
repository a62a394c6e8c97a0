"""One node for all tests over HTTP that change nothing of the node itself; they run in one worker."""

import contextlib

import pytest

from tests.support.command import registry, until
from tests.support.served import Served, achievement, once


@pytest.fixture(scope="session")
def node(tmp_path_factory, postgres):
    settings = "[http]\nwait_seconds = 5\npatience_seconds = 3\nbatch_bytes = 2_000_000\nrelease_above = 3000\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("served"), postgres, settings)) as made:
        yield made.start()


@pytest.fixture(scope="session")
def reading(tmp_path_factory, postgres):
    """A node of its own for what is read, with another member who decides: `lund` is its folder."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("reading"), postgres)) as made:
        made.lund = made.consortium.join("lund")
        yield made.start()


@pytest.fixture(scope="session")
def decide(reading):
    """Let lund decide about a credential at its own node; return the decision's id once the views here have it."""

    def act(credential):
        registry("views", "update", home=reading.lund)
        said = registry("recognition", "decide", f"twente/{credential}", "--ects", 5, home=reading.lund).stdout
        identifier = said.split()[1]
        asking = reading.client("recognition:read")
        until(lambda: asking.get(f"/v1/decisions/lund/{identifier}").status_code == 200)
        return identifier

    return act


@pytest.fixture(scope="session")
def offer(node):
    """An achievement that everybody's credentials are about."""
    answer = node.client("achievements:write").post("/v1/achievements", json=achievement(), headers=once("offer"))
    assert answer.status_code == 201, answer.text
    return answer.json()["achievement"]
