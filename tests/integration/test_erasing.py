"""Erasing a learner, on a real PostgreSQL: nothing that leads to the person is left, and nothing comes back."""

import threading
from importlib import resources

import pytest

from consumers.projecting.projector import Projector
from projections.core import views
from projections.records import learners
from registry.application.issuing import Issuer
from registry.application.requests import Issued
from registry.batches import BatchStore, Worker
from registry.batches.files import BatchFiles
from registry.batches.learner_references import find_references
from registry.batches.redaction import SoughtLearner
from registry.domain.errors import Duplicate
from registry.intake.corrections import write_corrections
from registry.learners import erasure as erasing
from registry.learners.erasure import StillInBatch, UnknownLearner, erase
from registry.node.adapters.catalogue import OwnCatalogue
from registry.vault.hidden_basis import HiddenBasis
from registry.wire import commit
from registry.wire.disclosures import disclosure, salts
from registry.wire.events import Event, Reader
from registry.wire.governance import MemberRangeVoided
from registry.wire.merkle import Tree
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request
from tests.support.streams import CONSORTIUM, Consortium, University, new_id

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"
SAMPLES = resources.files("registry.intake").joinpath("samples")


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def batch_store(node, tmp_path):
    return BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")


def spooled(tmp_path):
    """The names of the files with batches' content."""
    return sorted(path.stem for path in (tmp_path / "spool").iterdir())


def issued(node, *requests):
    outcomes = node.issuer.issue(list(requests))
    assert all(isinstance(one, Issued) for one in outcomes), outcomes
    return outcomes


def rows(node, table):
    with node.registry.connection.cursor().copy(f"COPY {table} TO STDOUT") as copied:
        return b"".join(bytes(row) for row in copied).decode()


def test_key_and_rows_are_gone_and_the_log_says_so_naming_the_day_only(node, batch_store):
    achievement = node.offer()
    gone, other = issued(node, request(1, achievement), request(2, achievement))
    erase(node.registry, batch_store, gone.learner)
    vault, cursor = node.registry.vault, node.registry.cursor()
    assert vault.read_learner(cursor, gone.learner) is None
    assert vault.read_disclosures(cursor, gone.credential) == []
    assert len(vault.read_disclosures(cursor, other.credential)) == 4
    for table in ("vault.learners", "vault.records", "vault.erased"):
        assert gone.learner not in rows(node, table)
        assert gone.credential not in rows(node, table)
    node.publisher().publish_pending()
    event = Reader(ORIGIN).decode_one(node.lines()[-1])
    assert isinstance(event, Event)
    assert (event.type, event.subject, event.data.learner) == ("learner.erased.v1", gone.learner, gone.learner)
    assert event.time.endswith("T00:00:00Z")


def test_the_same_number_is_a_new_learner_and_the_same_row_is_not_taken_in_again(node, batch_store):
    achievement = node.offer()
    [gone] = issued(node, request(1, achievement))
    erase(node.registry, batch_store, gone.learner)
    stored = node.stored()
    [again] = node.issuer.issue([request(1, achievement)])
    assert (again.code, again.field) == ("erased", "record")
    assert node.stored() == stored
    assert rows(node, "vault.learners") == ""
    [new] = issued(node, request(2, achievement, student="s1"))
    assert new.learner != gone.learner
    assert list(node.issuer.issue_all([request(1, achievement), request(2, achievement, student="s1")]))[1].unchanged


def test_it_is_said_once_and_nobody_unknown_is_erased(node, batch_store):
    [gone] = issued(node, request(1, node.offer()))
    with pytest.raises(UnknownLearner):
        erase(node.registry, batch_store, new_id())
    erase(node.registry, batch_store, gone.learner)
    with pytest.raises(Duplicate):
        erase(node.registry, batch_store, gone.learner)
    with pytest.raises(Duplicate, match="erased"):
        node.issuer.adopt("s9", gone.learner)


def test_an_adopted_learner_without_credentials_is_erased_too(node, batch_store):
    learner = new_id()
    node.issuer.adopt("s1", learner)
    erase(node.registry, batch_store, learner)
    assert rows(node, "vault.learners") == ""


def test_an_erasure_that_governance_voided_is_said_again_and_counts_then(node, batch_store, dsn):
    consortium = Consortium()
    university = consortium.universities["twente"] = University("twente")
    university.signers = [node.signer]
    consortium.seal(consortium.admission("twente"))
    node.log.create("governance")
    node.log.append("governance", consortium.records)
    [gone] = issued(node, request(1, node.offer()))
    erase(node.registry, batch_store, gone.learner)
    node.publisher().publish_pending()
    with views.connect(dsn) as connection:
        views.create(connection)
        projector = Projector(connection, node.log, CONSORTIUM, consortium.founded)
        projector.step()
        assert learners.known_credentials(connection, [gone.learner]) == []
        university.tree = tree_of(node)
        voided = MemberRangeVoided("twente", 2, 3, university.head, "publishedByMistake")
        record = consortium.seal(consortium.line("member.range.voided.v1", "twente", voided))
        node.log.append("governance", [record])
        projector.step()
        assert len(learners.known_credentials(connection, [gone.learner])) == 1
        erase(node.registry, batch_store, gone.learner, again=True)
        node.publisher().publish_pending()
        projector.step()
        assert learners.known_credentials(connection, [gone.learner]) == []
        assert connection.execute("SELECT code FROM refusals").fetchall() == [("voided",)]


def tree_of(node):
    tree = Tree()
    for record in node.log.records("twente"):
        tree = tree.extend(commit.parse(record.data).leaves())
    return tree


def test_an_importer_that_met_the_learner_just_before_makes_a_new_one(node, batch_store, dsn, monkeypatch):
    achievement = node.offer()
    [gone] = issued(node, request(1, achievement))
    begin, waiting, going = node.registry.transaction, threading.Event(), threading.Event()

    def begin_late():
        if not waiting.is_set():
            waiting.set()
            assert going.wait(20)
        return begin()

    monkeypatch.setattr(node.registry, "transaction", begin_late)
    outcomes = []
    importing = threading.Thread(
        target=lambda: outcomes.extend(node.issuer.issue([request(2, achievement, student="s1")]))
    )
    importing.start()
    assert waiting.wait(20)
    other = TestNode(dsn, MemoryLog())
    erase(other.registry, batch_store, gone.learner)
    other.close()
    going.set()
    importing.join()
    assert outcomes[0].learner != gone.learner
    assert gone.learner not in rows(node, "vault.records")


def test_decisions_that_name_the_learners_credential_by_digest_forget_it_and_others_do_not(node, batch_store):
    achievement = node.offer()
    gone, other = issued(node, request(1, achievement), request(2, achievement))
    elsewhere, decisions = ("lund", new_id()), [new_id() for _ in range(3)]
    about = [elsewhere, ("twente", gone.credential), ("twente", other.credential)]
    for decision, (member, credential) in zip(decisions, about, strict=True):
        said = disclosure(salts(1), "credential", {"member": member, "credential": credential})
        node.registry.store_rows(HiddenBasis(node.registry.vault, decision, [said]))
    erase(node.registry, batch_store, gone.learner, credentials=[elsewhere])
    assert [one in rows(node, "vault.decisions") for one in decisions] == [False, False, True]


def row_of(number, achievement):
    return f"r{number},{achievement},s{number},Jansen,Ada,2001-02-03,2026-06-30"


def send(batch_store, name, lines):
    return send_as(batch_store, "credentials", "text/csv", "\n".join(lines) + "\n", name)


def send_as(batch_store, kind, media, text, name="one"):
    begun = batch_store.begin(name, kind, media, "a-system", name, dry_run=False)
    begun.file.write(text.encode())
    return batch_store.complete(begun.batch, begun.file, None).batch


def told(batch_store, batch):
    return [(one.line, one.code, one.value) for _, one in batch_store.list_problems(batch, 9)]


def test_what_batches_hold_of_the_learner_goes_and_a_batch_at_work_is_in_the_way(node, batch_store, tmp_path):
    achievement = node.offer()
    good = [row_of(n, achievement) for n in (1, 12)]
    faulty = f"r3,{achievement},s1,Jansen,Ada,2001-02-03,soon"
    batch = send(batch_store, "one", [HEADER, *good, faulty])
    worker = Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry))
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    assert batch_store.queue.take_up()
    with pytest.raises(StillInBatch, match=batch):
        erase(node.registry, batch_store, row.learner)
    assert worker.step()
    other = send(batch_store, "two", [HEADER, good[1].replace("r12", "r13").replace("2026-06-30", "soon")])
    assert worker.step()
    assert spooled(tmp_path) == sorted([batch, other])
    assert [one.value for _, one in batch_store.list_problems(batch, 9)] == ["soon"]
    erase(node.registry, batch_store, row.learner)
    assert spooled(tmp_path) == sorted([f"{batch}-1", other])
    with batch_store.get_content(batch).open("rb") as content:
        assert content.read().decode() == "\n".join([HEADER, "", good[1], "", ""])
    assert told(batch_store, batch) == [(4, "", "")]
    assert told(batch_store, other) == [(2, "", "soon")]
    assert list(write_corrections(batch_store.get_content(batch), batch_store.describe_faulty_rows(batch)))[1:] == []
    assert len(list(write_corrections(batch_store.get_content(other), batch_store.describe_faulty_rows(other)))) == 2


def test_a_batch_that_waits_loses_the_learners_rows_and_keeps_the_others(node, batch_store):
    achievement = node.offer()
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    batch = send(batch_store, "one", [HEADER, *(row_of(n, achievement) for n in (1, 2))])
    erase(node.registry, batch_store, row.learner)
    assert told(batch_store, batch) == [(2, "erased", "")]
    assert Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry)).step()
    done = batch_store.get(batch)
    assert (done.state, done.issued, done.refused) == ("done", 1, 1)
    assert told(batch_store, batch) == [(2, "erased", "")]


def test_where_rewriting_a_batch_breaks_off_it_is_as_it_was(node, batch_store, tmp_path, monkeypatch):
    achievement = node.offer()
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    batch = send(batch_store, "one", [HEADER, row_of(1, achievement)])
    vault = node.registry.vault
    sealed = vault.seal_own
    with monkeypatch.context() as broken:
        broken.setattr(vault, "seal_own", lambda *_: (_ for _ in ()).throw(RuntimeError("away")))
        with pytest.raises(RuntimeError):
            erase(node.registry, batch_store, row.learner)
    assert vault.seal_own == sealed
    assert vault.read_learner(node.registry.cursor(), row.learner) is not None
    with batch_store.get_content(batch).open("rb") as content:
        assert b"r1" in content.read()
    erase(node.registry, batch_store, row.learner)
    assert spooled(tmp_path) == [f"{batch}-1"]


def test_a_batch_that_is_taken_up_just_then_is_in_the_way(node, batch_store, monkeypatch):
    achievement = node.offer()
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    batch = send(batch_store, "one", [HEADER, row_of(1, achievement)])
    before = batch_store.list_with_content()
    assert batch_store.queue.take_up()
    monkeypatch.setattr(batch_store, "list_with_content", lambda: before)
    with pytest.raises(StillInBatch, match=batch):
        erase(node.registry, batch_store, row.learner)
    assert node.registry.vault.read_learner(node.registry.cursor(), row.learner) is not None


def test_a_document_that_waits_and_of_which_nobody_can_tell_whose_it_is_is_cancelled(node, batch_store):
    [row] = node.issuer.issue([request(9, node.offer(), student="s1")])
    batch = send_as(batch_store, "credentials", "application/json", '{"student": "s1"}')
    erase(node.registry, batch_store, row.learner)
    assert batch_store.get(batch).state == "cancelled"
    assert batch_store.list_with_content() == []


def test_a_batch_that_failed_keeps_no_line_of_the_learners(node, batch_store):
    [row] = node.issuer.issue([request(9, node.offer(), student="s1")])
    batch = send(
        batch_store, "one", ["r1,x,s1,Jansen,Ada,2001-02-03,2026-06-30", "r2,x,s2,Silva,Duarte,2001-02-03,2026-06-30"]
    )
    assert Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry)).step()
    assert "jansen" in batch_store.get(batch).error
    erase(node.registry, batch_store, row.learner)
    assert "jansen" not in batch_store.get(batch).error
    with batch_store.get_content(batch).open("rb") as content:
        assert content.read() == b"\nr2,x,s2,Silva,Duarte,2001-02-03,2026-06-30\n"


def test_nothing_of_a_document_that_ended_stays_quoted(node, batch_store):
    [row] = node.issuer.issue([request(9, node.offer(), student="s1")])
    text = SAMPLES.joinpath("openbadge.json").read_text().replace("s2600002", "s1").replace('"3"', '"a lot"')
    batch = send_as(batch_store, "credentials", "application/json", text)
    assert Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry)).step()
    assert batch_store.get(batch).notes
    assert batch_store.list_problems(batch, 9)
    erase(node.registry, batch_store, row.learner)
    assert batch_store.get(batch).notes == []
    assert {one.value for _, one in batch_store.list_problems(batch, 99)} == {""}
    assert batch_store.list_with_content() == []


def test_a_batch_whose_content_went_meanwhile_is_not_in_the_way(node, batch_store, monkeypatch):
    achievement = node.offer()
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    batch = send(batch_store, "one", [HEADER, row_of(1, achievement)])
    [found] = find_references(batch_store, SoughtLearner("s1"))
    batch_store.cancel(batch)
    monkeypatch.setattr(erasing, "find_references", lambda *_: [found])
    erase(node.registry, batch_store, row.learner)


def test_files_that_a_process_left_behind_are_tidied_away(node, batch_store, tmp_path):
    achievement = node.offer()
    [row] = node.issuer.issue([request(9, achievement, student="s1")])
    batch = send(batch_store, "one", [HEADER, row_of(1, achievement)])
    old = BatchFiles(tmp_path / "spool").path(batch)
    before = old.read_bytes()
    erase(node.registry, batch_store, row.learner)
    old.write_bytes(before)
    batch_store.queue.tidy()
    assert spooled(tmp_path) == [f"{batch}-1"]


def test_changes_that_wait_name_credentials_and_stay(node, batch_store):
    [row] = node.issuer.issue([request(9, node.offer(), student="s1")])
    batch = send_as(batch_store, "statusChanges", "text/csv", "credential,change,reason\n,s1,\n")
    erase(node.registry, batch_store, row.learner)
    assert (batch_store.get(batch).state, [one.batch for one in batch_store.list_with_content()]) == (
        "waiting",
        [batch],
    )


def test_kept_answers_and_taken_events_no_longer_lead_to_the_learner(node, batch_store):
    [gone] = issued(node, request(1, node.offer()))
    cursor = node.registry.cursor()
    cursor.execute(
        "INSERT INTO access.requests (caller, key, request, began, status, body)"
        " VALUES ('a', '\\x01', '\\x01', now(), 201, %s)",
        (node.registry.vault.seal_own("answer 01", [None, {"learner": gone.learner}]),),
    )
    cursor.execute("INSERT INTO intake.events VALUES ('\\x01', '\\x02', %s)", (gone.credential,))
    erase(node.registry, batch_store, gone.learner)
    assert rows(node, "access.requests") == ""
    [event] = node.registry.cursor().execute("SELECT content FROM intake.events").fetchall()
    assert bytes(event["content"]) == b""


def test_issuing_goes_on_for_all_others_while_somebody_is_erased(node, batch_store):
    achievement = node.offer()
    first = issued(node, *(request(n, achievement) for n in range(20)))
    erase(node.registry, batch_store, first[3].learner)
    again = Issuer(node.registry).issue([request(100 + n, achievement, student=f"s{n}") for n in range(20)])
    same = [one.learner == before.learner for one, before in zip(again, first, strict=True)]
    assert same == [n != 3 for n in range(20)]
