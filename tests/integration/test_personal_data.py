"""No personal value stands open in any table, whichever way it came in and in whichever column it was."""

import json
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from importlib import resources

import psycopg
import pytest

from projections.feed import feed
from registry.application import owner
from registry.application.requests import Issued
from registry.backup.backup import _SCHEMAS
from registry.batches import BatchStore, Worker
from registry.batches.batch import ReadingOptions
from registry.batches.imports.handing_over import HandingOver, HandOverForm
from registry.batches.imports.import_store import ImportStore
from registry.intake.event_handler import EventHandler
from registry.learners.erasure import erase
from registry.node.adapters.catalogue import OwnCatalogue
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from tests.support.lund import STATISTICS, Lund
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.scanning import found_in

SAMPLES = resources.files("registry.intake").joinpath("samples")
HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"
PERSON = {
    "student": "stu-8844771",
    "family_name": "Quixwobble",
    "given_name": "Zephyrine",
    "date_of_birth": "1987-11-23",
    "grade": "8.7731",
    "national_id": "NID-55331199",
    "note": "a note about wombats",
}
RECORD = "row-of-quix-1"
WORDS = [*PERSON.values(), RECORD, "23.11.1987"]

OPEN = "is no personal data: "
HASH = "is a keyed hash of its value"
SEALED = "is sealed"
ID = OPEN + "a random id, a state, a code or a format of this software's"
STAFF = OPEN + "which person or system of the university acts, as it names them"
COLUMNS = {
    "access.keys": {"key": ID, "name": STAFF, "secret": "is a hash of the secret", "scopes": ID},
    "access.requests": {"caller": STAFF, "key": HASH, "request": HASH, "body": SEALED},
    "accounts.accounts": {"name": STAFF, "person": STAFF, "roles": ID},
    "accounts.challenges": {"challenge": OPEN + "random bytes"},
    "accounts.identities": {"issuer": OPEN + "the address of the identity provider", "subject": STAFF},
    "accounts.journal": {"actor": STAFF, "act": ID, "subject": ID, "hash": OPEN + "a hash of the row"},
    "accounts.links": {"secret": "is a hash of the secret"},
    "accounts.passkeys": {"credential": ID, "name": STAFF, "public_key": OPEN + "a public key of the staff's"},
    "accounts.searches": {"sealed": SEALED},
    "accounts.sessions": {"secret": "is a hash of the secret", "way": ID},
    "feed.counted": {"member": ID},
    "feed.notices": {
        "member": ID, "kind": ID, "thing": ID, "cause_member": ID, "data": OPEN + "ids and counts of what is on the log"
    },
    "feed.taken": {"member": ID},
    "intake.batches": {
        "kind": ID, "media": ID, "state": ID, "by": STAFF, "request": HASH, "key": SEALED, "released_by": STAFF,
        "sealed_name": SEALED, "sealed_notes": SEALED, "sealed_error": SEALED, "dates": ID,
        "content": HASH,
    },
    "intake.column_mappings": {"header": HASH, "columns": OPEN + "names of this software's columns", "by": STAFF},
    "intake.course_codes": {"code": OPEN + "the university's own code of a course"},
    "intake.drafts": {"content": HASH, "format": ID, "sealed": SEALED},
    "intake.events": {"event": HASH, "content": HASH},
    "intake.hand_overs": {
        "awards": OPEN + "ids of achievements, counts and days", "returned_by": STAFF, "sealed_note": SEALED
    },
    "intake.lost": {"topic": OPEN + "the name of the intake topic", "acknowledged_by": STAFF},
    "intake.positions": {"topic": OPEN + "the name of the intake topic"},
    "intake.problems": {"code": ID, "sealed": SEALED},
    "intake.row_corrections": {"state": ID, "by": STAFF, "sealed": SEALED},
    "intake.waiting": {"record": HASH, "student": HASH, "sealed": SEALED},
    "node.migrations": {"name": OPEN + "the name of a migration"},
    "node.owner": {"member": ID, "consortium": ID, "founded": OPEN + "a hash on the log"},
    "office.cases": {
        "file_number": OPEN + "a number that leads to the person only through the office's files",
        "state": ID, "purpose": ID, "assessor": STAFF, "approver": STAFF,
    },
    "office.profiles": {
        "key": OPEN + "the name of a programme", "name": OPEN + "the name of a programme",
        "requirement": OPEN + "what a programme requires", "by": STAFF,
    },
    "office.acknowledgements": {"condition": ID, "by": STAFF},
    "office.denials": {"by": STAFF},
    "office.assignments": {"assignee": STAFF, "by": STAFF},
    "office.attachments": {
        "kind": ID, "media": ID, "digest": HASH, "by": STAFF, "sealed": SEALED, "sealed_name": SEALED
    },
    "office.subjects": {"member": ID, "seen": ID},
    "office.texts": {"kind": ID, "by": STAFF, "sealed": SEALED},
    "public.registry_events": {
        "topic": ID,
        "state": OPEN + "events as they are published; of a case its ids, states and days",
    },
    "publisher.dealt_with": {"what": ID, "subject": ID},
    "publisher.held": {
        "aggregate": ID, "topic": ID, "code": ID, "reason": OPEN + "a rule that consumers apply to what is on the log"
    },
    "publisher.commits": {"root": OPEN + "a hash on the log", "hashes": OPEN + "hashes on the log"},
    "status.documents": {"form": ID, "media_type": ID, "content": OPEN + "a signed list of bits, served to anybody"},
    "status.lists": {"signers": OPEN + "thumbprints of the node's public keys"},
    "vault.cohorts": {"record": HASH, "content": HASH},
    "vault.decisions": {"sealed": SEALED},
    "vault.erased": {"record": HASH},
    "vault.further_numbers": {"student": HASH},
    "vault.held_rows": {
        "record": HASH, "student": HASH, "sealed": SEALED, "decision": ID, "by": STAFF, "version": HASH
    },
    "vault.learner_changes": {
        "kind": ID, "preview": HASH, "sealed": SEALED, "proposed_by": STAFF, "confirmed_by": STAFF
    },
    "vault.learners": {"student": HASH, "key": SEALED, "person": SEALED},
    "vault.records": {"record": HASH, "content": HASH, "sealed": SEALED},
    "vault.status_notes": {"change": ID, "sealed": SEALED},
    "webhooks.deliveries": {
        "message": ID, "type": ID, "body": OPEN + "a notice made of the log", "error": OPEN + "what a receiver answered"
    },
    "webhooks.endpoints": {
        "url": OPEN + "an address of a system", "kinds": ID, "secret": SEALED, "previous": SEALED, "disabled_for": ID,
        "last_error": OPEN + "what a receiver answered",
    },
}  # fmt: skip
TEXTS = ("text", "bytea", "json", "jsonb", "ARRAY", "character varying", "character", "xml")


@pytest.fixture
def node(empty_dsn):
    made = TestNode(empty_dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def batch_store(node, tmp_path):
    return BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")


def send(batch_store, content, media="text/csv", kind="credentials", name="Quixwobble.csv"):
    begun = batch_store.begin(name, kind, media, "a-system", str(uuid.uuid4()), dry_run=False)
    begun.file.write(content if isinstance(content, bytes) else content.encode())
    return batch_store.complete(begun.batch, begun.file, None).batch


def shifted(achievement):
    """Rows of a file with each personal value in each other column, and rows that are not rows."""
    names = [*HEADER.split(","), "valid_until", "valid_from", "version", "replaces", "parts", "course", "ects"]
    good = {"record": "r", "achievement": achievement, "awarding_date": "2026-06-30", **PERSON}
    rows = []
    for value in [*PERSON.values(), "23.11.1987", RECORD]:
        for column in names:
            if column not in ("record", "student", "family_name", "given_name"):
                rows.append({**good, "record": f"r{len(rows)}", column: value})
    lines = [",".join(names)]
    lines += [",".join(str(row.get(name, "")) for name in names) for row in rows]
    lines += [f"{RECORD},{','.join(PERSON.values())}", f'"{",".join(PERSON.values())}', "=Quixwobble" + "," * 13]
    return lines, rows


def worked(node, batch_store, *batches):
    worker = Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry))
    while worker.step():
        pass
    return [batch_store.get(batch) for batch in batches]


def test_whatever_column_it_was_in_no_table_has_a_persons_value(node, batch_store, empty_dsn):
    achievement = node.offer()
    lines, rows = shifted(achievement)
    day = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    held = ",".join(["held", achievement, *list(PERSON.values())[:4], "2026-06-30", day])
    badge = SAMPLES.joinpath("openbadge.json").read_text()
    for before, after in (
        ("s2600002", PERSON["student"]), ("Silva", "Quixwobble"), ("Duarte", "Zephyrine"), ("2001-09-30", "23.11.1987"),
        ("Soil in the city", "Quixwobble"), ('"targetCode": "6"', '"targetCode": "Quixwobble"'),
    ):  # fmt: skip
        assert before in badge
        badge = badge.replace(before, after)
    batches = [
        send(batch_store, "\n".join(lines)),
        send(batch_store, lines[-3] + "\n" + lines[-3]),
        send(batch_store, f"{HEADER},Quixwobble\n" + ",".join([RECORD, achievement, *PERSON.values()][:8])),
        send(batch_store, f"{HEADER},valid_from\n{held}\n"),
        send(batch_store, "\n".join(json.dumps(row) for row in rows), "application/x-ndjson"),
        send(
            batch_store,
            '{"Quixwobble": "Zephyrine"}\n{"record": "Quixwobble"\n["Quixwobble"]\n',
            "application/x-ndjson",
        ),
        send(
            batch_store,
            "credential,change,reason\nstu-8844771,Quixwobble,Zephyrine\n,Zephyrine,\n",
            kind="statusChanges",
        ),
        send(batch_store, badge, "application/json"),
    ]
    done = worked(node, batch_store, *batches)
    assert [one.name for one in done] == ["Quixwobble.csv"] * len(batches)  # readable by all who may read a batch
    quoted = [problem.value for batch in batches for _, problem in batch_store.list_problems(batch, 999)]
    assert "Quixwobble" in quoted  # as may the value that is wrong
    assert done[1].error is not None
    assert "quixwobble" in done[1].error
    assert sum(one.refused for one in done) > 150
    assert done[3].held == 1
    assert found_in(empty_dsn, WORDS) == []
    [row] = node.issuer.issue([request(1, achievement, **PERSON)])
    assert isinstance(row, Issued)
    erase(node.registry, batch_store, row.learner)
    assert found_in(empty_dsn, WORDS) == []
    assert not [
        one for batch in batches for _, one in batch_store.list_problems(batch, 999) if one.value in PERSON.values()
    ]


def test_what_a_clerk_typed_for_a_row_is_sealed_and_goes_with_its_learner(node, batch_store, empty_dsn):
    achievement, imports = node.offer(), ImportStore(node.dsn, node.registry.vault, batch_store)
    begun = imports.begin("Quixwobble.csv", "credentials", "text/csv", "person:1", "once", ReadingOptions())
    rows = [f"r1,{achievement},s1,Jansen,Ada,2001-02-03,x", f"r2,{achievement},s2,Jansen,Ada,2001-02-03,2026-06-30"]
    begun.file.write("\n".join([HEADER, *rows, ""]).encode())
    batch_store.complete(begun.batch, begun.file, None)
    worked(node, batch_store)
    typed = {"record": RECORD, "achievement": achievement, "awarding_date": "2026-06-30", **PERSON}
    imports.correct(begun.batch, 2, 0, "ready", typed, "person:1")
    handing_over = HandingOver(imports, OwnCatalogue(node.registry), node.registry)
    made = handing_over.hand_over(begun.batch, HandOverForm(1, None, leave_rest=False), "person:1", "key")
    assert (made.rows, made.learners, made.batch.state) == (2, 2, "awaitingRelease")
    imports.send_back(made, "person:2", "Is Quixwobble right?")
    again = handing_over.hand_over(begun.batch, HandOverForm(3, None, leave_rest=False), "person:1", "other")
    assert imports.get(begun.batch).hand_overs[1].note == "Is Quixwobble right?"
    assert found_in(empty_dsn, WORDS) == []
    [row] = node.issuer.issue([request(1, achievement, **PERSON)])
    erase(node.registry, batch_store, row.learner)
    assert found_in(empty_dsn, WORDS) == []
    assert imports.list_corrections(begun.batch)[2].cells == {}
    assert imports.get(begun.batch).hand_overs[1].note is None
    with batch_store.get_content(again.batch.batch).open("rb") as content:
        assert b"stu-8844771" not in content.read()


def test_events_of_systems_and_what_is_answered_to_them_repeat_no_persons_value(node, empty_dsn):
    achievement = node.offer()
    _, rows = shifted(achievement)

    def event(kind, data):
        body = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "sis", "type": kind, "data": data}
        return json.dumps(body).encode()

    events = [event("credential.issue.v1", row) for row in rows]
    events += [
        event("credential.issue.v1", {"Quixwobble": 1, "record": ["Quixwobble"]}),
        event("credential.revoke.v1", {"credential": "Quixwobble", "reason": "stu-8844771"}),
        event("credential.suspend.v1", {"Quixwobble": "stu-8844771"}),
        event("Quixwobble", {}),
        b'{"Quixwobble": ',
    ]
    results = EventHandler(node.registry, node.issuer, OwnCatalogue(node.registry)).handle(events)
    assert sum(not one.accepted for one in results) > 90
    said = [json.dumps([one.code, one.where, one.detail]).encode() for one in results]
    assert [one for one in said for word in PERSON.values() if word.encode() in one] == []
    assert found_in(empty_dsn, WORDS) == []


def test_a_case_keeps_its_applicant_and_what_was_written_sealed(empty_dsn):
    lund = Lund(empty_dsn)
    applicant = Applicant(
        family_name="Quixwobble", given_name="Zephyrine", date_of_birth="1987-11-23", student="stu-8844771",
        email="quix@example.org", address="7 Wombat Road",
    )  # fmt: skip
    asked = Application(applicant, [SubmittedCredential(external=STATISTICS)], "admission", note="a note about wombats")
    lund.office.open(asked, "clerk")
    assert found_in(empty_dsn, [*WORDS, "quix@example.org", "7 Wombat Road"]) == []
    lund.close()


def test_every_column_of_the_private_side_is_sealed_hashed_or_without_personal_data_for_a_reason(node):
    with psycopg.connect(node.dsn) as connection:
        owner.create_table(connection)
        feed.create(connection)
        columns = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
            " WHERE (table_schema = ANY(%s) OR table_name = 'registry_events') AND data_type = ANY(%s)",
            (list(_SCHEMAS), list(TEXTS)),
        ).fetchall()
    declared = [(table, column) for table, reasons in COLUMNS.items() for column in reasons]
    assert sorted(columns) == sorted(declared)


def test_the_scanner_finds_a_value_as_text_and_as_bytes_in_hexadecimal_and_in_base64(node):
    cursor = node.registry.cursor()
    word = "Quixwobble"
    for content in (word, word.encode().hex(), b64encode(b"1" + word.encode() + b"234").decode(), word.upper()):
        for value in (content, content.encode()):
            cursor.execute(f"CREATE TABLE found (content {'text' if isinstance(value, str) else 'bytea'})")
            cursor.execute("INSERT INTO found VALUES (%s)", (value,))
            expected = isinstance(value, str) or content in (word, word.upper())
            assert (("public.found", word) in found_in(node.dsn, [word])) or not expected
            cursor.execute("DROP TABLE found")
