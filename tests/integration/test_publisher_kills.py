"""The crash table with a real `kill -9`: a publisher's process is killed before each step in turn, on both logs."""

import multiprocessing
import os
import signal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.log import open_log
from registry.publishing.errors import AnotherPublisher
from registry.wire.keys import Ed25519Signer
from tests.support.command import until
from tests.support.node import ORIGIN, TestNode, request

STEPS = [
    "recover",
    "read stored events",
    "write down",
    "commit what is written down",
    "sign",
    "append",
    "note the place",
]
SIGNER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def publish_and_die(dsn, url, step):
    """In a process of its own, which ends before the step and says nothing more."""

    def die(name):
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    node = TestNode(dsn, open_log(url, "test.example"), SIGNER)
    node.publisher(step=die).publish_pending()


@pytest.fixture(params=["files", pytest.param("kafka", marks=pytest.mark.kafka)])
def url(request, tmp_path):
    return f"file:{tmp_path / 'log'}" if request.param == "files" else request.getfixturevalue("empty_broker").url


def test_killed_before_any_step_every_event_is_on_the_log_once(dsn, url):
    log = open_log(url, "test.example")
    node = TestNode(dsn, log, SIGNER)
    spawned = multiprocessing.get_context("spawn")
    achievement = node.offer()

    def goes_on():
        try:
            node.publisher().publish_pending()
        except AnotherPublisher:  # the database has not noticed yet that the killed one is gone
            return False
        return True

    try:
        for number, step in enumerate(STEPS):
            list(node.issuer.issue_all(request(n, achievement) for n in range(number * 300, number * 300 + 300)))
            process = spawned.Process(target=publish_and_die, args=(dsn, url, step))
            process.start()
            process.join(120)
            assert process.exitcode == -signal.SIGKILL, step
            until(goes_on)
            lines = node.lines()
            assert len(lines) == len(set(lines)) == node.stored(), step
    finally:
        node.close()
        log.close()
