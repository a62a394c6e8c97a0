"""The numbers of batches on the desk's first page, and the lists that they lead to."""

from datetime import UTC, datetime

import pytest

from registry.batches import BatchStore, Worker
from registry.batches.batch_counts import LATELY, count_batches
from registry.batches.imports.import_store import ImportStore
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode


@pytest.fixture
def node(empty_dsn):
    made = TestNode(empty_dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def imports(node, tmp_path):
    return ImportStore(node.dsn, node.registry.vault, BatchStore(node.dsn, node.registry.vault, tmp_path / "spool"))


def send(imports, number, kind, content, *, dry_run=False, awaits_release=False):
    begun = imports.batch_store.begin(f"{number}.csv", kind, "text/csv", "a-system", f"once {number}", dry_run)
    begun.file.write(content.encode())
    return imports.batch_store.complete(begun.batch, begun.file, None, awaits_release=awaits_release).batch


def test_all_changes_that_wait_are_counted_and_every_batch_with_problems_is_listed(node, imports):
    changes = "credential,change,reason\nx,suspend,underReview\n"
    waiting = [send(imports, number, "statusChanges", changes, awaits_release=True) for number in range(12)]
    refused = send(imports, 12, "statusChanges", changes)
    failed = send(imports, 13, "credentials", "a,b\n1,2\n")
    send(imports, 14, "credentials", "a,b\n1,2\n", dry_run=True)
    worker = Worker(node.registry, node.issuer, imports.batch_store, OwnCatalogue(node.registry))
    while worker.step():
        pass
    counts = count_batches(node.registry.cursor())
    assert (counts.to_release, counts.changes_to_release, counts.with_problems) == (0, 12, 2)
    assert set(counts.newest_changes) < set(waiting)
    assert len(counts.newest_changes) == 10
    since = datetime.now(UTC) - LATELY
    assert {batch.batch for batch in imports.list_with_problems(since, 100)} == {refused, failed}
    assert len(imports.list_with_problems(since, 1)) == 1
    assert imports.list_with_problems(datetime.now(UTC), 100) == []
