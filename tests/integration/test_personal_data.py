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
from registry.backup.private_tables import SCHEMAS
from registry.batches import BatchStore, Worker
from registry.batches.batch import ReadingOptions
from registry.batches.imports.handing_over import HandingOver, HandOverForm
from registry.batches.imports.import_store import ImportStore
from registry.intake.event_handler import EventHandler
from registry.learners.erasure import erase
from registry.node.adapters.catalogue import OwnCatalogue
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from registry.privacy.personal_columns import PSEUDONYMS, TABLES
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


def test_every_column_of_the_private_side_is_in_the_record_of_processing_with_its_form(node):
    with psycopg.connect(node.dsn) as connection:
        owner.create_table(connection)
        feed.create(connection)
        columns = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
            " WHERE (table_schema = ANY(%s) OR table_name = 'registry_events')"
            " AND (data_type = ANY(%s) OR column_name = ANY(%s))",
            (list(SCHEMAS), list(TEXTS), list(PSEUDONYMS)),
        ).fetchall()
    declared = [(table, column) for table, entry in TABLES.items() for column in entry.columns]
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
