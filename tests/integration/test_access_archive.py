"""Everything that a node knows of a learner, in one archive: by whichever way it came in, and of nobody else."""

import hashlib
import io
import json
import uuid
import zipfile
from datetime import UTC, datetime

import psycopg
import pypdf
import pytest

from registry.accounts.journal import JournalRow
from registry.api.idempotency import Answer, RequestRecord
from registry.application.issuing import Issuer
from registry.batches import BatchStore, Worker
from registry.batches.batch import ReadingOptions
from registry.batches.imports.import_store import ImportStore
from registry.export.paper.stored_data_page import MAX_LISTED
from registry.export.paper.wording import LANGUAGES, paper_wording
from registry.learners.access_export import export_learner
from registry.node.adapters.catalogue import OwnCatalogue
from registry.office.cases.applicants import Applicant
from registry.office.cases.attachments import attach
from registry.privacy import access_archive, batch_rows
from registry.privacy.access_archive import NOT_INCLUDED, AccessArchive
from registry.privacy.access_journal import append_read
from registry.privacy.access_paper import Rules, write_access_pdf
from registry.settings.retention import KeptBasis, RetentionSetting
from tests.bench.data import achievement
from tests.support.lund import STATISTICS, Lund
from tests.support.node import request
from tests.support.streams import new_id

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"
PDF = b"%PDF-1.7 a scan of a transcript"


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


@pytest.fixture
def batch_store(lund, tmp_path):
    return BatchStore(lund.dsn, lund.registry.vault, tmp_path / "spool")


@pytest.fixture
def offer(lund):
    identifier = str(uuid.uuid4())
    lund.registry.achievements.publish(achievement("lund", identifier))
    return identifier


def archive_of(lund, batch_store, learner):
    """The files of a learner's archive by name; JSON is decoded."""
    export = export_learner(lund.registry, learner, [], all_published=True)
    content = b"".join(AccessArchive(lund.registry, batch_store, export).stream())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, {name: json.loads(data) for name, data in files.items() if name.endswith(".json")}


def issue(lund, offer, number, **more):
    [issued] = Issuer(lund.registry).issue([request(number, offer, **more)])
    return issued


def test_a_case_is_in_it_with_its_texts_and_its_files(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    case = lund.open(STATISTICS, applicant=Applicant(student="s1", email="ada@example.org"), note="phoned twice").case
    kept = attach(lund.registry, lund.setting, lund.registry.case(case), PDF, "transcript", "desk", name="ada.pdf")
    files, documents = archive_of(lund, batch_store, issued.learner)
    told = documents[f"cases/{case}/case.json"]
    assert {text["kind"] for text in told["texts"]} >= {"applicant", "note"}
    assert "phoned twice" in json.dumps(told["texts"])
    assert told["case"]["file_number"]
    assert files[f"cases/{case}/{kept.attachment}.pdf"] == PDF


def test_rows_of_batches_and_what_was_typed_for_them_are_in_it_and_no_row_of_anybody_else(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    imports = ImportStore(lund.dsn, lund.registry.vault, batch_store)
    begun = imports.begin("rows.csv", "credentials", "text/csv", "person:1", "once", ReadingOptions())
    rows = [f"r8,{offer},s1,Jansen,Ada,2001-02-03,soon", f"r9,{offer},s2,Smit,Bo,2000-01-01,2026-06-30"]
    begun.file.write("\n".join([HEADER, *rows, ""]).encode())
    batch_store.complete(begun.batch, begun.file, None)
    worker = Worker(lund.registry, Issuer(lund.registry), batch_store, OwnCatalogue(lund.registry))
    while worker.step():
        pass
    typed = dict(zip(HEADER.split(","), f"r8,{offer},s1,Jansen,Ada,2001-02-03,2026-06-30".split(","), strict=True))
    imports.correct(begun.batch, 2, 0, "ready", typed, "person:1")
    _, documents = archive_of(lund, batch_store, issued.learner)
    [batch] = documents["batches.json"]
    assert [(row["line"], row["values"]["record"]) for row in batch["rows"]] == [(2, "r8")]
    assert [problem["field"] for problem in batch["problems"]] == ["awarding_date"]
    assert batch["corrections"]["2"]["cells"]["awarding_date"] == "2026-06-30"
    assert "Smit" not in json.dumps(documents)


def test_a_held_row_that_states_somebody_else_is_not_in_it_and_one_that_may_be_the_learner_is(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    issuer = Issuer(lund.registry)
    issuer.issue([request(1, offer, record="other", family_name="Smit", given_name="Bo", date_of_birth="1999-09-09")])
    issuer.issue([request(1, offer, record="same", date_of_birth="2001-03-02")])
    _, documents = archive_of(lund, batch_store, issued.learner)
    assert [held["row"]["record"] for held in documents["held-rows.json"]] == ["same"]


def test_answers_acts_and_reads_about_the_learner_are_in_it_and_no_others(lund, batch_store, offer):
    issued, other = issue(lund, offer, 1), issue(lund, offer, 2)
    vault = lund.registry.vault
    for learner in (issued.learner, other.learner):
        key = vault.hash_for_lookup("request", learner)
        with psycopg.connect(lund.dsn, autocommit=True) as connection:
            record = RequestRecord(connection, vault, "a-system", key, key)
            record.claim()
            record.store(Answer(200, {"learner": learner}), None)
        cursor = lund.registry.cursor()
        lund.registry.store_rows(JournalRow.now("person:1", "learner.export", learner))
        with lund.registry.connection.transaction():
            append_read(cursor, datetime.now(UTC), "person:1", "GET /x", [learner])
    _, documents = archive_of(lund, batch_store, issued.learner)
    assert [answer["answer"][1]["learner"] for answer in documents["answers.json"]] == [issued.learner]
    assert [act["subject"] for act in documents["acts.json"]] == [issued.learner]
    assert [read["actor"] for read in documents["reads.json"]] == ["person:1"]


def test_the_manifest_has_the_hash_of_each_file_and_why_the_rest_is_not_there(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    files, documents = archive_of(lund, batch_store, issued.learner)
    manifest = documents["manifest.json"]
    hashes = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    assert hashes == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    assert [each["data"] for each in manifest["notIncluded"]] == [data for data, _ in NOT_INCLUDED]
    assert manifest["cut"] == []
    assert documents["export.json"]["person"]["familyName"] == "Jansen"
    [credential] = documents["export.json"]["credentials"]
    assert credential["credential"] == issued.credential


def test_the_manifest_says_which_files_have_not_all_cases_and_rows(lund, batch_store, offer, monkeypatch):
    issued = issue(lund, offer, 1)
    cases = [lund.open(STATISTICS, applicant=Applicant(student="s1", email="ada@example.org")).case for _ in range(2)]
    rows = "\n".join([HEADER, *[f"r{number},{offer},s1,Jansen,Ada,2001-02-03,2026-06-30" for number in (8, 9)], ""])
    begun = ImportStore(lund.dsn, lund.registry.vault, batch_store).begin(
        "rows.csv", "credentials", "text/csv", "person:1", "once", ReadingOptions()
    )
    begun.file.write(rows.encode())
    batch_store.complete(begun.batch, begun.file, None)
    _, documents = archive_of(lund, batch_store, issued.learner)
    assert documents["manifest.json"]["cut"] == []
    assert sorted(documents["cases.json"]) == sorted(cases)
    monkeypatch.setattr(access_archive, "MAX_CASES", 1)
    monkeypatch.setattr(batch_rows, "MAX_ROWS", 1)
    _, documents = archive_of(lund, batch_store, issued.learner)
    assert documents["manifest.json"]["cut"] == ["batches.json", "cases.json"]
    assert documents["cases.json"] == cases[:1]
    assert sum(name.startswith("cases/") and name.endswith("/case.json") for name in documents) == 1
    [batch] = documents["batches.json"]
    assert ([row["values"]["record"] for row in batch["rows"]], batch["isCut"]) == (["r8"], True)


def test_a_row_of_any_further_table_with_the_learners_id_is_in_it(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    cursor = lund.registry.cursor()
    cursor.execute("CREATE TABLE vault.of_a_later_version (learner uuid, format text, secret bytea)")
    for learner in (issued.learner, new_id()):
        cursor.execute("INSERT INTO vault.of_a_later_version VALUES (%s, 'a badge', 'x')", (learner,))
    _, documents = archive_of(lund, batch_store, issued.learner)
    [row] = documents["further-rows.json"]
    assert row == {"table": "vault.of_a_later_version", "row": {"learner": issued.learner, "format": "a badge"}}


def text_of(content):
    reader = pypdf.PdfReader(io.BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def fill(lund, offer):
    """A learner of whom something is stored of each kind; returns what was issued to them."""
    issued = issue(lund, offer, 1, grade="8")
    case = lund.open(STATISTICS, applicant=Applicant(student="s1", email="ada@example.org"), note="phoned twice").case
    attach(lund.registry, lund.setting, lund.registry.case(case), PDF, "transcript", "desk", name="ada.pdf")
    Issuer(lund.registry).issue([request(1, offer, record="same", date_of_birth="2001-03-02")])
    lund.registry.store_rows(JournalRow.now("person:1", "learner.export", issued.learner))
    with lund.registry.connection.transaction():
        append_read(lund.registry.cursor(), datetime.now(UTC), "person:2", "GET /x", [issued.learner])
    return issued


def test_the_pdf_has_what_the_archive_has_in_every_language_and_is_what_verapdf_asks_for(
    lund, batch_store, offer, verapdf, tmp_path
):
    issued = fill(lund, offer)
    archive = AccessArchive(
        lund.registry, batch_store, export_learner(lund.registry, issued.learner, [], all_published=True)
    )
    rules = Rules(RetentionSetting(), KeptBasis())
    files = []
    for language in LANGUAGES:
        content = write_access_pdf(archive, None, rules, language)
        files.append(tmp_path / f"{language}.pdf")
        files[-1].write_bytes(content)
        say, text = paper_wording(language), text_of(content)
        for words in (
            "Jansen", "Ada", "s1", issued.credential, "phoned twice", "ada@example.org", "2001-03-02", "person:1",
            "GET /x", say("stored.title"), say("stored_section.rights"), say("stored_purpose.recognition"),
        ):  # fmt: skip
            assert words in text, (language, words)
    for flavour in ("3a", "ua1"):
        assert verapdf.refused(flavour, files) == {}
    assert b"Jansen" not in b"".join(file.read_bytes()[:200] for file in files)
    assert "Jansen" not in str(pypdf.PdfReader(files[0]).metadata)


def test_a_long_table_of_the_pdf_is_cut_and_names_the_file_that_has_the_rest(lund, batch_store, offer):
    issued = issue(lund, offer, 1)
    with lund.registry.connection.transaction():
        for number in range(MAX_LISTED + 3):
            append_read(lund.registry.cursor(), datetime.now(UTC), f"person:{number}", "GET /x", [issued.learner])
    archive = AccessArchive(
        lund.registry, batch_store, export_learner(lund.registry, issued.learner, [], all_published=True)
    )
    text = text_of(write_access_pdf(archive, None, Rules(RetentionSetting(), KeptBasis()), "en"))
    assert "3 more are in reads.json of the archive" in text
    assert f"person:{MAX_LISTED + 2}" in text  # the newest
    assert "person:2 " not in text
