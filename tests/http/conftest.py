"""One node for all tests over HTTP that change nothing of the node itself; they run in one worker."""

import contextlib

import pytest

from tests.support.served import Served, achievement, once


@pytest.fixture(scope="session")
def node(tmp_path_factory, postgres):
    settings = "[http]\nwait_seconds = 5\npatience_seconds = 1.5\nbatch_bytes = 2_000_000\nrelease_above = 3000\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("served"), postgres, settings)) as made:
        yield made.start()


@pytest.fixture(scope="session")
def offer(node):
    """An achievement that everybody's credentials are about."""
    answer = node.client("achievements:write").post("/v1/achievements", json=achievement(), headers=once("offer"))
    assert answer.status_code == 201, answer.text
    return answer.json()["achievement"]
