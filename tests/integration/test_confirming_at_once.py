"""Several who confirm one merge at the same time: one does it, and the others learn that they did nothing."""

import threading

import pytest

from registry.application.registry import Registry
from registry.application.requests import Issued
from registry.learners.changes import LearnerChanges
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request, vault_of


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    yield made
    made.close()


def propose(node):
    """Propose to merge a learner with two credentials into another one."""
    achievement = node.offer()
    outcomes = node.issuer.issue([request(n, achievement, student="new" if n == 3 else "old") for n in (1, 2, 3)])
    assert all(isinstance(outcome, Issued) for outcome in outcomes), outcomes
    return changes_of(node.registry).propose_merge(outcomes[0].learner, outcomes[2].learner, "a.berg").change


def changes_of(registry):
    return LearnerChanges(registry, lambda _: {})


@pytest.mark.parametrize("stage", ["review", "_read_plan", "_carry_out"])
def test_of_several_who_confirm_at_once_one_does_it_and_the_others_learn_that_they_did_nothing(
    node, monkeypatch, stage
):
    change_id = propose(node)
    slow = changes_of(node.registry)
    go_on = getattr(slow, stage)

    def late(*arguments):
        monkeypatch.undo()
        assert changes_of(node.registry).confirm(change_id, "l.holm")[1] is not None
        return go_on(*arguments)

    monkeypatch.setattr(slow, stage, late)
    stored = node.stored()
    change, preview = slow.confirm(change_id, "k.vos")
    assert (change.confirmed_by, preview) == ("l.holm", None)
    assert node.stored() == stored + 4  # two credentials revoked, and two issued in their place


def test_threads_that_confirm_one_change_at_once_do_it_once(node, dsn):
    change_id = propose(node)
    ready, previews, stored = threading.Barrier(3), [], node.stored()

    def confirm():
        with Registry(dsn, ORIGIN, vault_of(dsn)) as registry:
            ready.wait()
            previews.append(changes_of(registry).confirm(change_id, "l.holm")[1])

    threads = [threading.Thread(target=confirm) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [preview is None for preview in sorted(previews, key=lambda one: one is None)] == [False, True, True]
    assert node.stored() == stored + 4
