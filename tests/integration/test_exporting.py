"""The facts of exports as a node collects them, and what it records."""

import fcntl
import json
import os

import pytest

from registry.export.document import ExportError
from registry.export.exporter import ExportRequest
from registry.export.ports import NotExportable, TermQuery
from registry.learners.document_copies import ACT, list_copies
from registry.node.adapters import documents
from registry.node.adapters.documents import open_exporter
from registry.node.node import open_node
from registry.node.term_export import TermExport
from registry.wire.disclosures import open_disclosures
from registry.wire.proof import TlogProof
from tests.support.command import Consortium, printed_json
from tests.support.node import request
from tests.support.plain_document import TABLE

PLAIN = ExportRequest(format="plain")
NAMES = ("plain", "revoked", "suspended", "replaced", "waiting", "erased")


class Exporting(Consortium):
    """A node with a credential in each state, by its name."""

    def __init__(self, folder, server):
        super().__init__(folder, server)
        file = self.home / "registry.toml"
        file.write_text('public_url = "https://registry.twente.example/"\n' + file.read_text())
        self.achievement = self.offer()
        self.run("import", "file", self.rows(self.achievement, 60))
        self.run("views", "update")
        self.ids = {name: self.credential_of(f"s{number}") for number, name in enumerate(NAMES)}
        for name, change in (("revoked", "revoke"), ("suspended", "suspend")):
            more = ["--yes"] if change == "revoke" else []
            self.run("credential", change, self.ids[name], "--reason", "issuedInError", *more)
        replacing = ["--record", "new", "--student", "s3", "--awarding-date", "2026-06-30", "--family-name", "Jansen"]
        person = ["--given-name", "Ada", "--date-of-birth", "2001-02-03", "--replaces", self.ids["replaced"], "--yes"]
        self.run("credential", "issue", self.achievement, *replacing, *person)
        self.run("learner", "erase", "--student", "s5", "--yes")
        self.run("views", "update")
        self.ids["new"] = self.credential_of("s3")

    def credential_of(self, student):
        held = printed_json(self.run("learner", "show", "--student", student, "--json"))["credentials"]
        return next(each["credential"] for each in held if each["status"] == "active")


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    return Exporting(tmp_path_factory.mktemp("exporting"), postgres)


@pytest.fixture
def node(consortium):
    with open_node(consortium.home) as opened:
        yield opened


@pytest.fixture
def exporter(node):
    return open_exporter(node, "ada", TABLE)


def written(document):
    return json.loads(document.exported.content)["facts"]


def test_a_credentials_facts_are_those_of_the_log_the_vault_and_governance(consortium, exporter):
    credential = consortium.ids["plain"]
    facts = written(exporter.export_credential(credential, PLAIN))
    assert facts["credential"] == credential
    assert facts["claims"]["familyName"] == "Jansen"
    assert facts["claims"]["studentNumber"] == "s0"
    assert (facts["awarding_date"], facts["status"], facts["ects"]) == ("2026-06-30", "active", 5.0)
    assert facts["achievement"]["title"]["en"] == "Data literacy"
    assert (facts["issuer"]["origin"], facts["issuer"]["content"]["legalName"]) == ("test.example/twente", "Twente")
    assert facts["issuer"]["url"] == "https://registry.twente.example"
    assert [body["member"] for body in facts["awarding_bodies"]] == ["twente"]
    receipt = TlogProof.parse(facts["place"]["receipt"])
    receipt.verify_inclusion()
    issued = json.loads(receipt.event)["data"]
    assert (issued["credential"], receipt.index) == (credential, facts["place"]["leaf"])
    assert open_disclosures(issued["claims"], facts["disclosures"]) == facts["claims"]


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("revoked", "revoked", "No document of a revoked credential"),
        ("suspended", "suspended", "Reinstate it first"),
        ("replaced", "replaced", "Export that one"),
        ("erased", "erased", "Its learner was erased on"),
    ],
)
def test_a_credential_that_does_not_count_gets_no_document_and_the_reason_is_said(
    consortium, exporter, name, code, says
):
    [(_, outcome)] = exporter.export_credentials([consortium.ids[name]], PLAIN)
    assert isinstance(outcome, NotExportable)
    assert outcome.code == code
    assert says in outcome.reason
    with pytest.raises(ExportError, match=says):
        exporter.export_credential(consortium.ids[name], PLAIN)


def test_the_reason_names_the_credential_that_replaced_it(consortium, exporter):
    [(_, outcome)] = exporter.export_credentials([consortium.ids["replaced"]], PLAIN)
    assert consortium.ids["new"] in outcome.reason


def test_a_credential_that_is_not_on_the_log_yet_waits(consortium, node, exporter):
    unknown = "00000000-0000-4000-8000-000000000000"
    [issued] = node.issuer.issue([request("late", consortium.achievement, student="s-late")])
    outcomes = dict(exporter.export_credentials([unknown, issued.credential], PLAIN))
    assert [each.code for each in outcomes.values()] == ["unknown", "unpublished"]


def test_each_document_is_in_the_record_and_in_the_journal_until_its_learner_is_erased(consortium, node, exporter):
    credential = consortium.ids["waiting"]
    document = exporter.export_credential(credential, PLAIN)
    learner = written(document)["learner"]
    [copy] = list_copies(node.registry, learner, 10)
    assert (copy.copy, copy.credential, copy.format, copy.by) == (document.copy, credential, "plain", "ada")
    journal = "SELECT actor, act FROM accounts.journal WHERE subject = %s"
    assert [tuple(row.values()) for row in node.registry.cursor().execute(journal, (credential,))] == [("ada", ACT)]
    consortium.run("learner", "erase", "--student", "s4", "--yes")
    assert list_copies(node.registry, learner, 10) == []
    with pytest.raises(ExportError):
        exporter.export_credential(credential, PLAIN)


def test_a_portfolio_has_the_active_credentials_of_the_learner(consortium, exporter):
    held = printed_json(consortium.run("learner", "show", "--student", "s3", "--json"))
    document = exporter.export_portfolio(held["learner"], PLAIN)
    facts = written(document)
    assert [each["credential"] for each in facts["credentials"]] == [consortium.ids["new"]]
    assert facts["person"]["studentNumber"] == "s3"
    with pytest.raises(ExportError, match="this university has no learner"):
        exporter.export_portfolio(consortium.ids["plain"], PLAIN)


def test_no_document_is_made_of_a_learner_whose_data_is_restricted(consortium, node, monkeypatch):
    monkeypatch.setattr(documents, "_restrictions_of", lambda _: set)  # of everybody
    exporter = open_exporter(node, "ada", TABLE)
    [(_, outcome)] = exporter.export_credentials([consortium.ids["plain"]], PLAIN)
    assert outcome.code == "restricted"
    held = printed_json(consortium.run("learner", "show", "--student", "s0", "--json"))
    with pytest.raises(ExportError, match="it may be stored, and not used"):
        exporter.export_portfolio(held["learner"], PLAIN)


def test_a_portfolio_without_an_active_credential_is_refused(consortium, exporter):
    held = printed_json(consortium.run("learner", "show", "--student", "s1", "--json"))
    with pytest.raises(ExportError, match="no active credential here"):
        exporter.export_portfolio(held["learner"], PLAIN)


def test_a_terms_documents_are_continued_after_an_interruption(consortium, node, exporter, tmp_path):
    folder, query = tmp_path / "certificates", TermQuery(consortium.achievement)
    interrupted = TermExport(node, exporter, folder).run(query, PLAIN)
    first = [row for row in (next(interrupted) for _ in range(9)) if row.outcome == "written"]
    del interrupted
    assert len(first) >= 6  # at most three of them have an erased learner
    revoked = consortium.ids["revoked"]
    (folder / f"{revoked}.plain").write_text("of a time before it was revoked")
    rows = {row.credential: row for row in TermExport(node, exporter, folder).run(query, PLAIN)}
    assert {rows[row.credential].outcome for row in first} == {"kept"}
    assert rows[revoked].outcome == "outdated"
    assert rows[consortium.ids["suspended"]].outcome == "not-exported"
    files = {file.name: file for file in folder.iterdir()}
    report = files.pop("report.csv").read_text()
    assert "Jansen" not in report
    assert f"{revoked},outdated,{revoked}.plain,It was revoked." in report
    assert set(files) == {row.file for row in rows.values() if row.file}
    assert {file.stat().st_mode & 0o777 for file in files.values() if file.stem != revoked} == {0o600}


def test_two_exports_into_one_folder_at_once_are_refused(consortium, node, exporter, tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(ExportError, match="another export is writing into"):
            list(TermExport(node, exporter, tmp_path).run(TermQuery(consortium.achievement), PLAIN))
    finally:
        os.close(folder)


def test_the_file_of_an_erased_learner_is_outdated_and_a_term_without_credentials_is_refused(
    consortium, node, exporter, tmp_path
):
    erased = consortium.ids["erased"]
    (tmp_path / f"{erased}.plain").write_text("of a time before the erasure")
    rows = {
        row.credential: row
        for row in TermExport(node, exporter, tmp_path).run(TermQuery(consortium.achievement), PLAIN)
    }
    assert rows[erased].outcome == "outdated"
    with pytest.raises(ExportError, match="no credential of this achievement was awarded by this university"):
        list(TermExport(node, exporter, tmp_path).run(TermQuery("0bbac7a9-a411-4809-ad9e-534f483b7a03"), PLAIN))
