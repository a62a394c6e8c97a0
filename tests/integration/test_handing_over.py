"""Handing an import over, and sending it back: each is one step, wherever the process dies."""

import pytest

from registry.batches import BatchStore, Worker
from registry.batches.batch import OwnBatch, ReadingOptions, WrongState
from registry.batches.imports.handing_over import HandingOver, HandOverForm
from registry.batches.imports.import_store import ChangedImport, ImportStore
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"
UPLOADER, CORRECTOR, SENDER, COLLEAGUE = "person:1", "person:2", "person:3", "person:4"


class Died(BaseException):
    """The process ends here: nothing catches it."""


@pytest.fixture
def node(empty_dsn):
    made = TestNode(empty_dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def imports(node, tmp_path):
    batch_store = BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")
    return ImportStore(node.dsn, node.registry.vault, batch_store)


@pytest.fixture
def imported(node, imports):
    """An import of two rows, of which one was corrected."""
    achievement = node.offer()
    rows = [f"r{number},{achievement},s{number},Jansen,Ada,2001-02-03" for number in range(3)]
    begun = imports.begin("spring.csv", "credentials", "text/csv", UPLOADER, "upload", ReadingOptions())
    days = ("2026-06-30", "x", "y")
    begun.file.write("\n".join([HEADER, *map(",".join, zip(rows, days, strict=True)), ""]).encode())
    imports.batch_store.complete(begun.batch, begun.file, None)
    worker = Worker(node.registry, node.issuer, imports.batch_store, OwnCatalogue(node.registry))
    while worker.step():
        pass
    cells = dict(zip(HEADER.split(","), [*rows[1].split(","), "2026-06-30"], strict=True))
    imports.correct(begun.batch, 3, 0, "ready", cells, CORRECTOR)
    return begun.batch


@pytest.fixture
def hand_over(node, imports, imported):
    def act(key="form", version=1, *, leave_rest=False, also=lambda _: None):
        form = HandOverForm(version, None, leave_rest=leave_rest)
        handing_over = HandingOver(imports, OwnCatalogue(node.registry), node.registry)
        return handing_over.hand_over(imported, form, SENDER, key, also)

    return act


def batches(imports):
    return {batch.batch: batch.state for batch in imports.batch_store.list_newest(99) if not batch.dry_run}


def test_a_batch_never_waits_for_release_without_its_preparers(imports, imported, hand_over, monkeypatch):
    def die(*_, **__):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(ImportStore, "add_hand_over", die)
        patch.setattr(BatchStore, "break_off", lambda *_: None)  # nor does a process that dies tidy up
        with pytest.raises(Died):
            hand_over()
    [(batch, state)] = batches(imports).items()
    assert state == "receiving"
    for actor in (UPLOADER, CORRECTOR):
        with pytest.raises(WrongState):
            imports.batch_store.release(batch, actor)
    assert imports.get(imported).version == 1
    made = hand_over()
    assert list(batches(imports).items()) == [(made.batch.batch, "awaitingRelease")]
    assert set(imports.batch_store.list_preparers(made.batch.batch)) == {UPLOADER, CORRECTOR, SENDER}
    for actor in (UPLOADER, CORRECTOR, SENDER):
        with pytest.raises(OwnBatch):
            imports.batch_store.release(made.batch.batch, actor)
    assert hand_over() == made
    assert imports.batch_store.release(made.batch.batch, COLLEAGUE).state == "waiting"


def test_a_hand_over_that_is_refused_leaves_no_batch_that_waits(imports, imported, hand_over, monkeypatch):
    add = ImportStore.add_hand_over

    def correct_before(store, *values, **options):
        store.correct(imported, 4, 0, "leftOut", {}, CORRECTOR)
        add(store, *values, **options)

    with monkeypatch.context() as patch:
        patch.setattr(ImportStore, "add_hand_over", correct_before)
        with pytest.raises(ChangedImport):
            hand_over(leave_rest=True)
    assert list(batches(imports).values()) == ["incomplete"]
    view = imports.get(imported)
    assert (view.version, view.is_closed, view.hand_overs) == (2, False, [])


def test_the_same_form_sent_twice_at_once_makes_one_batch(imports, hand_over, monkeypatch):
    find, get, calls = ImportStore.find_made_by, ImportStore.get, []

    def find_late(*values):
        calls.append(values)
        return None if len(calls) == 2 else find(*values)

    first = hand_over()
    calls.append(first)
    monkeypatch.setattr(ImportStore, "find_made_by", find_late)
    monkeypatch.setattr(ImportStore, "get", lambda *values: get(*values)._replace(version=1, hand_overs=[]))
    assert hand_over() == first
    assert len(calls) == 3
    assert list(batches(imports)) == [first.batch.batch]


def test_an_import_is_closed_with_its_hand_over_and_opened_with_its_return(imports, imported, hand_over, monkeypatch):
    made = hand_over(leave_rest=True)
    view = imports.get(imported)
    assert (view.version, view.is_closed, made.rows) == (2, True, 2)

    def die(*_):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(ImportStore, "_count_change", die)
        with pytest.raises(Died):
            imports.send_back(made, COLLEAGUE, "Is 30 June right?")
    assert batches(imports) == {made.batch.batch: "awaitingRelease"}
    imports.send_back(made, COLLEAGUE, "Is 30 June right?")
    view = imports.get(imported)
    [returned] = view.hand_overs
    assert (returned.batch.state, returned.returned_by, returned.note) == ("cancelled", COLLEAGUE, "Is 30 June right?")
    assert (view.version, view.is_closed) == (3, False)


def test_no_batch_waits_without_its_row_of_the_journal_and_a_form_sent_twice_has_one(imports, hand_over):
    def die(_):
        raise Died

    with pytest.raises(Died):
        hand_over(also=die)
    assert "awaitingRelease" not in batches(imports).values()
    written = []
    first, again = hand_over(also=written.append), hand_over(also=written.append)
    assert first.batch.batch == again.batch.batch
    assert len(written) == 1
