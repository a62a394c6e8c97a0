"""A node that is started as people do, from nothing: its processes answer, are replaced, and end with it.

Other tests start theirs by a fork (tests/support/forked.py).
"""

import contextlib
import os
import signal
import subprocess

import httpx
import pytest

from tests.support.command import until
from tests.support.served import Served


@pytest.fixture
def started(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres)) as made:
        yield made.start(workers=2, execute=True)


def group_of(node):
    """The processes of its session."""
    done = subprocess.run(
        ["ps", "-s", str(node.process.pid), "-o", "pid="], capture_output=True, text=True, check=False
    )
    return {int(line) for line in done.stdout.split()}


def parent_of(process):
    done = subprocess.run(["ps", "-o", "ppid=", "-p", str(process)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def answers(node):
    with contextlib.suppress(httpx.TransportError):
        return node.anybody().get("/ready").status_code == 200


def test_a_process_that_dies_or_that_the_others_are_forked_from_is_replaced_and_all_end_in_time(started):
    before = set(started.children())
    assert len(before) == 3  # two answer, one works through batches
    [killed, *others] = before
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(started.logged("serve.process_died")) == 1)
    until(lambda: set(others) < set(started.children()) and len(started.children()) == 3)

    [loaded] = {parent_of(child) for child in others}
    for ignored in (signal.SIGHUP, signal.SIGTERM):
        os.kill(loaded, ignored)  # as a terminal or a service manager does: to all processes
    now = set(started.children())
    assert parent_of(min(now)) == loaded
    os.kill(loaded, signal.SIGKILL)
    until(lambda: len(started.logged("serve.process_died")) >= 4)
    until(lambda: len(started.children()) == 3 and not now & group_of(started))
    until(lambda: answers(started))

    assert started.stop() == 0
    until(lambda: not group_of(started))


def test_no_process_outlives_the_one_that_was_started(started):
    assert len(started.children()) == 3
    os.kill(started.process.pid, signal.SIGKILL)
    until(lambda: group_of(started) <= {started.process.pid})
