"""kill -9 in the middle of an erasure: at the next start it is complete, or nothing of it has happened."""

import os
import signal

import psycopg
import pytest

from registry.batches import BatchStore
from registry.keys.keystore import Keystore
from registry.learners.erasure import erase
from registry.vault.keys import VaultError
from registry.vault.vault import Vault
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request


@pytest.fixture
def keys(tmp_path):
    made = Keystore(tmp_path / "keys")
    made.create_master()
    return made


def opened(dsn, tmp_path):
    """The node as another process opens it: with the keys as they are on the disk."""
    return TestNode(dsn, MemoryLog(), vault=Vault(Keystore(tmp_path / "keys")))


def kill_this_process(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def prepare_kill(node, step):
    """Let the process die by SIGKILL at a step of its next erasure."""
    write_ring = node.registry.vault.keys.write_ring

    def write_and_die(ring):
        write_ring(ring)
        kill_this_process()

    if step == "the new keys are written":
        node.registry.vault.keys.write_ring = write_and_die
    elif step == "all is sealed again":
        node.registry.recorder._notify_channel = kill_this_process  # noqa: SLF001 - the last act before the commit
    elif step == "the event is committed":
        node.registry.settle_keys = kill_this_process
    else:  # the old keys are destroyed: the process has not said so yet
        settle = node.registry.settle_keys

        def settle_and_die():
            settle()
            kill_this_process()

        node.registry.settle_keys = settle_and_die


def erase_and_die(dsn, tmp_path, learner, step):
    """Erase in a process of its own, which is killed at a step."""
    child = os.fork()
    if child == 0:
        try:
            node = opened(dsn, tmp_path)
            prepare_kill(node, step)
            erase(node.registry, BatchStore(dsn, node.registry.vault, tmp_path / "spool"), learner)
        finally:
            os._exit(1)  # never back into the tests
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize(
    ("step", "happened"),
    [
        ("the new keys are written", False),
        ("all is sealed again", False),
        ("the event is committed", True),
        ("the old keys are destroyed", True),
    ],
)
def test_an_erasure_that_was_killed_is_complete_after_the_next_start_or_has_not_happened(
    empty_dsn, tmp_path, keys, step, happened
):
    node = opened(empty_dsn, tmp_path)
    achievement = node.offer()
    gone, *others = node.issuer.issue([request(number, achievement) for number in range(300)])
    before = node.stored()
    with psycopg.connect(empty_dsn) as connection:
        [wrapped] = connection.execute("SELECT key FROM vault.learners WHERE learner = %s", (gone.learner,)).fetchone()
    node.close()
    erase_and_die(empty_dsn, tmp_path, gone.learner, step)
    again = opened(empty_dsn, tmp_path)
    vault, cursor = again.registry.vault, again.registry.cursor()
    assert (vault.read_learner(cursor, gone.learner) is None) == happened
    assert again.registry.erasures.is_erased(gone.learner) == happened
    assert (again.stored() - before == 1) == happened  # said once, or not at all
    if happened:
        with pytest.raises(VaultError):
            Vault(Keystore(tmp_path / "keys")).unwrap(gone.learner, bytes(wrapped))  # the keys that are on the disk
    assert {len(bucket) for bucket in keys.ring().buckets} == {1}
    for person in others:
        assert len(vault.read_disclosures(cursor, person.credential)) == 4
    if not happened:
        erase(again.registry, BatchStore(empty_dsn, vault, tmp_path / "spool"), gone.learner)
        assert vault.read_learner(again.registry.cursor(), gone.learner) is None
    again.close()
