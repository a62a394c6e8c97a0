"""The rows of an import that are in memory while it is corrected go when it is closed, and when its rows are erased."""

import pytest

from registry.batches import BatchStore
from registry.batches.batch import ReadingOptions
from registry.batches.imports.import_store import ImportStore
from registry.batches.row_problem import RowProblem
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode


@pytest.fixture
def imports(empty_dsn, tmp_path):
    node = TestNode(empty_dsn, MemoryLog())
    vault = node.registry.vault
    yield ImportStore(node.dsn, vault, BatchStore(node.dsn, vault, tmp_path / "spool"))
    node.close()


@pytest.mark.parametrize("act", ["close", "redact", "forget"])
def test_an_index_goes_with_its_import(imports, act):
    store = imports.batch_store
    begun = imports.begin("a", "credentials", "application/x-ndjson", "person:1", "r", ReadingOptions())
    begun.file.write(b'{"record": "r1"}\n')
    batch = store.complete(begun.batch, begun.file, None)
    content = store.get_content(batch.batch)
    first = store.row_indexes.open(content, batch)
    assert store.row_indexes.open(content, batch) is first
    if act == "close":
        imports.close(batch.batch, imports.get(batch.batch).version)
    elif act == "redact":
        store.redact(batch.batch, lambda _: iter([b"\n"]), [], RowProblem(0, "", "", "", "", "erased"))
    else:
        store.forget(batch.batch)
    assert batch.batch not in store.row_indexes.list_kept()
