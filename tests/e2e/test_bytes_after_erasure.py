"""After an erasure no byte below the node's folders, database, logs, spool and backups has the person's data."""

import json
import tempfile
import uuid
from pathlib import Path

import psycopg
import pytest

from registry.api.idempotency import Answer, RequestRecord
from registry.batches import Worker
from registry.cli import ids
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import open_node
from registry.node.services.batches import open_batch_store
from registry.postgres.embedded import start_embedded
from tests.support.byte_search import byte_forms, count_files, search_bytes
from tests.support.command import Consortium
from tests.support.postgres import SETTINGS

ENVIRONMENT = {"REGISTRY_BACKUP_PASSPHRASE": "a passphrase of the backup"}
HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date,grade,note"


class Person:
    """A person whose every value is like no other text."""

    def __init__(self, name):
        self.record, self.student = f"row-{uuid.uuid4().hex[:10]}", f"stu-{uuid.uuid4().hex[:10]}"
        self.family_name, self.given_name = f"Qüixwobble{name}", f"Zéphyrine{name}"
        self.born, self.grade = (
            {"gone": "1931-11-23", "control": "1932-12-24"}[name],
            f"8.77{uuid.uuid4().int % 1000:03}",
        )
        self.note, self.address = f"likes wombats {uuid.uuid4().hex[:8]}", f"7 Wombat Road {uuid.uuid4().hex[:8]}"
        self.scan = f"%PDF-1.7 a scan of {uuid.uuid4().hex}"

    def row(self, achievement, record=None, day="2026-06-30"):
        values = [record or self.record, achievement, self.student, self.family_name, self.given_name, self.born, day]
        return ",".join([*values, self.grade, self.note])

    @property
    def texts(self):
        return [
            self.record, self.student, self.family_name, self.given_name, self.note, self.address, self.scan[-32:],
            self.born, self.grade,
        ]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    folder = Path(tempfile.mkdtemp(prefix="registry-tests-bytes-"))
    made = start_embedded(folder, settings=SETTINGS | {"wal_compression": "off"})  # else the log hides bytes
    yield made
    made.close()


def learner_of(consortium, person):
    with open_node(consortium.home) as node:
        return ids.learner_of_student(node, person.student)


def enter_by_every_way(consortium, achievement, people, given):
    """Let persons come in by a file, a batch, a faulty row, a case with a scan, and an answer that is stored."""
    rows = given / "rows.csv"
    rows.write_text("\n".join([HEADER, *(person.row(achievement) for person in people)]) + "\n")
    consortium.run("import", "file", rows)
    with open_node(consortium.home) as node:
        batches = open_batch_store(node)
        lines = [HEADER]
        for person in people:
            lines += [person.row(achievement, f"{person.record}-b"), person.row(achievement, person.record, "soon")]
        name = f"{people[0].family_name}.csv"
        begun = batches.begin(name, "credentials", "text/csv", "a-system", str(uuid.uuid4()), dry_run=False)
        begun.file.write(("\n".join(lines) + "\n").encode())
        batches.complete(begun.batch, begun.file, None)
        worker = Worker(node.registry, node.issuer, batches, OwnCatalogue(node.registry))
        while worker.step():
            pass
        assert batches.get(begun.batch).refused == len(people)
        vault = node.registry.vault
        for person in people:
            key = vault.hash_for_lookup("request", person.record)
            with psycopg.connect(node.dsn(), autocommit=True) as connection:
                record = RequestRecord(connection, vault, "a-system", key, key)
                assert record.claim() is None
                record.store(Answer(200, {"learner": learner_of(consortium, person), "name": person.family_name}), None)
    for person in people:
        applicant, scan = given / "applicant.json", given / f"{person.family_name}.pdf"
        applicant.write_text(json.dumps({"email": f"{person.student}@example.org", "address": person.address}))
        scan.write_text(person.scan)
        opened = consortium.run(
            "case", "open", "--external", "NO:Oslo Met:Statistics", "--student", person.student,
            "--applicant", applicant, "--note", person.note, "--json",
        )  # fmt: skip
        number = json.loads(opened.stdout)["file_number"]
        consortium.run("case", "attach", number, scan, "--kind", "transcript")


def wrapped_bytes(consortium, learner):
    """The learner's key as the database has it, encrypted, and what is encrypted under it."""
    with open_node(consortium.home) as node:
        rows = node.registry.cursor().execute(
            "SELECT key, person FROM vault.learners WHERE learner = %(learner)s UNION ALL"
            " SELECT sealed, NULL FROM vault.records WHERE learner = %(learner)s",
            {"learner": learner},
        )
        values = [bytes(value) for row in rows.fetchall() for value in row.values() if value is not None]
    assert len(values) >= 4
    return values


def files_with(folder, values):
    """The files below a folder that have one of these values."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(value in path.read_bytes() for value in values)
    }


def rewrite_and_search(consortium, server, values):
    """Let the tables be rewritten: before it the erased bytes are on pages and in the log, after it nowhere."""
    with psycopg.connect(server.dsn(consortium.name("twente")), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        before = files_with(server.path, values)
        assert any("base/" in path for path in before)
        assert any("pg_wal/" in path for path in before)
        assert "rewrote" in consortium.run("privacy", "rewrite").stdout
        assert files_with(server.path, values) == set()
        assert connection.execute("SELECT count(*) FROM privacy.erased_bytes").fetchone() == (0,)


def test_after_an_erasure_no_byte_has_the_person_and_another_person_is_there_as_ciphertext_only(server, tmp_path):
    folder, given, backups = tmp_path / "nodes", tmp_path / "given", tmp_path / "nodes" / "backups"
    for each in (given, backups):
        each.mkdir(parents=True)
    consortium = Consortium(folder, server)
    achievement = consortium.offer()
    gone, control = Person("gone"), Person("control")
    enter_by_every_way(consortium, achievement, [gone, control], given)
    consortium.run("views", "update")
    learner, other = learner_of(consortium, gone), learner_of(consortium, control)
    assert gone.family_name in consortium.run("learner", "show", learner).stdout  # a read, which is journaled
    reads = json.loads(consortium.run("privacy", "reads", learner, "--json").stdout)["items"]
    assert reads[0]["act"] == "command learner show"
    for name, options in (("before", ["--without-keys"]), ("whole", [])):
        consortium.run("node", "backup", backups / f"{name}.backup", *options, environment=ENVIRONMENT)
    consortium.run("node", "backup-keys", backups / "twente.keys", environment=ENVIRONMENT)
    cases = json.loads(consortium.run("case", "list", "--json").stdout)["items"]
    confirmed = [word for case in cases for word in ("--confirm-case", case["file_number"])]
    keys = wrapped_bytes(consortium, learner)
    refused = consortium.run("learner", "erase", learner, "--yes", check=2).stderr
    own_case = next(case["file_number"] for case in cases if case["file_number"] in refused)
    assert len(confirmed) == 4
    said = consortium.run("learner", "erase", learner, "--yes", "--confirm-case", own_case).stdout
    assert "are gone from the database's files by" in said
    acts = json.loads(consortium.run("account", "journal", "--count", 100, "--json").stdout)["items"]
    assert {(act["act"], act["subject"]) for act in acts} >= {
        ("command learner erase", learner),
        *(("command case open", case["case"]) for case in cases),
        *(("command case attach", case["case"]) for case in cases),
    }
    consortium.run("node", "backup-keys", backups / "twente.keys", "--replace", environment=ENVIRONMENT)
    consortium.run("views", "update")
    rewrite_and_search(consortium, server, keys)
    with open_node(consortium.home) as node:
        cursor = node.registry.cursor()
        assert node.registry.vault.read_learner(cursor, other).person["familyName"] == control.family_name
        sealed = cursor.execute("SELECT person FROM vault.learners WHERE learner = %s", (other,)).fetchone()["person"]
        spooled = list((consortium.home / "spool").iterdir())
    assert spooled
    server.stop()  # writes all that was in its memory
    folders = [folder, server.path]
    assert count_files(folders, "pg_wal/0") >= 1
    assert count_files(folders, "backups/") == 3
    assert search_bytes(folders, [*gone.texts, *control.texts]) == []
    pages = b"".join(path.read_bytes() for path in server.path.rglob("base/*/*") if path.is_file())
    assert bytes(sealed) in pages


def test_the_search_finds_a_text_in_each_form(tmp_path):
    forms = byte_forms("Qüixwobble")
    for name, form in forms.items():
        (tmp_path / "file").write_bytes(b"\0before" + form + b"after")
        assert name in {found[2] for found in search_bytes([tmp_path], ["Qüixwobble"])}
    assert len(forms) > 30
