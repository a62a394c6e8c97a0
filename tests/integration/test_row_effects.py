"""The rows of a batch that took effect: each with its credential, until the batch's content is deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from registry.batches import BatchStore, Worker, row_effects
from registry.batches.row_effects import count_effects, list_effects
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"


@pytest.fixture
def node(empty_dsn):
    made = TestNode(empty_dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def store(node, tmp_path):
    return BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")


@pytest.fixture
def take_in(node, store):
    """Work through a batch, and return its id."""

    def act(content, kind="credentials", *, dry_run=False):
        begun = store.begin("b", kind, "text/csv", "key:1", content, dry_run)
        begun.file.write(content.encode())
        store.complete(begun.batch, begun.file, None)
        worker = Worker(node.registry, node.issuer, store, OwnCatalogue(node.registry))
        while worker.step():
            pass
        return begun.batch

    return act


def rows(achievement, *days):
    lines = [f"r{number},{achievement},s{number},Jansen,Ada,2001-02-03,{day}" for number, day in enumerate(days)]
    return "\n".join([HEADER, *lines, ""])


def effects(node, batch):
    return [(each.line, each.is_new) for each in list_effects(node.registry.cursor(), batch, 99)]


def test_rows_that_were_issued_or_had_been_have_an_effect_and_refused_ones_have_none(node, take_in):
    offer = node.offer()
    first = take_in(rows(offer, "2026-06-30", "x", "2026-06-30"))
    assert effects(node, first) == [(2, True), (4, True)]
    [one, _] = list_effects(node.registry.cursor(), first, 99)
    assert node.registry.credentials.get(one.credential).state.status == "active"
    assert [each.line for each in list_effects(node.registry.cursor(), first, 1, 1)] == [4]
    assert effects(node, take_in(rows(offer, "2026-06-30", "2026-05-31"))) == [(2, False), (3, True)]
    assert effects(node, take_in(rows(offer, *["2026-06-30"] * 3) + "\n", dry_run=True)) == []
    change = f"credential,change,reason\n{one.credential},suspend,underReview\n"
    assert effects(node, take_in(change, "statusChanges")) == [(2, True)]
    assert effects(node, take_in(change + "\n", "statusChanges")) == [(2, False)]


def test_effects_have_a_limit_and_are_deleted_with_the_content(node, store, take_in, tmp_path, monkeypatch):
    monkeypatch.setattr(row_effects, "MAX_EFFECT_LINE", 3)
    batch = take_in(rows(node.offer(), *["2026-06-30"] * 5))
    assert count_effects(node.registry.cursor(), batch) == 2
    store.queue.tidy()
    assert count_effects(node.registry.cursor(), batch) == 2
    later = BatchStore(
        node.dsn, node.registry.vault, tmp_path / "spool", clock=lambda: datetime.now(UTC) + timedelta(days=91)
    )
    later.queue.tidy()
    assert count_effects(node.registry.cursor(), batch) == 0
