"""A case's file on the command line: scans, disclosures, who works on it, and what changed since its decision."""

import json
import subprocess

import pytest

from tests.e2e.test_cases import ADA, Offices
from tests.support.command import ROOT, command, printed_json, registry

PDF = b"%PDF-1.7 a scan of Ada's transcript"
STATISTICS = "NO:Oslo Met:Statistics"


@pytest.fixture(scope="module")
def offices(tmp_path_factory, postgres):
    made = Offices(tmp_path_factory.mktemp("case-file"), postgres)
    (made.folder / "ada.json").write_text(json.dumps(ADA))
    return made


def opened(offices, *words):
    return offices.moved("open", *words, "--applicant", offices.folder / "ada.json")["file_number"]


def named(offices, name):
    """The cases that a search by name finds; the name goes in by the input."""
    words = command("case", "list", "--name", "--json", home=offices.lund)
    done = subprocess.run(words, input=f"{name}\n", capture_output=True, text=True, cwd=ROOT, timeout=120, check=True)
    return json.loads(done.stdout)["items"]


def receipt_of(offices, folder):
    file = folder / "of-ada.tlog-proof"
    offices.run("receipt", "create", "credential", offices.credential, "--out", file)
    return file


def test_a_scan_is_attached_and_comes_out_again_with_a_neutral_name(offices, tmp_path):
    number = opened(offices, "--external", STATISTICS)
    scan = tmp_path / "ada.pdf"
    scan.write_bytes(PDF)
    binary = tmp_path / "binary.pdf"
    binary.write_bytes(PDF + b"\xff\xfe")
    for file, code in ((scan, 1), (binary, 2)):
        refused = offices.case("open", "--file", file, "--applicant", offices.folder / "ada.json", check=code)
        assert "--external COUNTRY:ISSUER:TITLE" in refused.stderr
        assert "registry case attach CASE FILE" in refused.stderr
    kept = printed_json(offices.case("attach", number, scan, "--kind", "transcript", "--subject", 0, "--json"))
    assert kept["media_type"] == "application/pdf"
    assert "this very file" in offices.case("attach", number, scan, check=1).stderr
    listed = printed_json(offices.case("attachment-list", number, "--json"))["items"]
    assert [(one["attachment"], one["kind"], one["subject"]) for one in listed] == [
        (kept["attachment"], "transcript", 0)
    ]
    out = tmp_path / "out.pdf"
    said = offices.case("attachment", number, kept["attachment"], "--out", out)
    assert out.read_bytes() == PDF
    assert "Ada" not in said.stdout + said.stderr
    assert "Refusing to replace" in offices.case("attachment", number, kept["attachment"], "--out", out, check=2).stderr
    table = tmp_path / "rows.xlsx"
    table.write_bytes(b"PK\x03\x04\xff\xfe")
    assert "not a PDF, PNG, JPEG or TIFF" in offices.case("attach", number, table, check=1).stderr


def test_an_altered_receipt_says_so_in_plain_words_and_is_kept_as_evidence(offices, tmp_path):
    altered = tmp_path / "altered.tlog-proof"
    altered.write_text(receipt_of(offices, tmp_path).read_text().replace("index ", "index 1"))
    refused = offices.case("open", "--receipt", altered, "--applicant", offices.folder / "ada.json", check=1)
    assert "was altered or is of another log" in refused.stderr
    assert "as evidence" in refused.stderr
    number = opened(offices, "--external", STATISTICS)
    offices.case("attach", number, altered, "--kind", "evidence")
    assert "evidence" in offices.case("attachment-list", number).stdout


def test_disclosures_go_from_the_university_by_the_learner_to_the_office(offices, tmp_path):
    carried = tmp_path / "learner.disclosures"
    offices.run("disclosure", "write", offices.credential, "--out", carried)
    assert carried.stat().st_mode & 0o077 == 0
    about = f"twente/{offices.credential}"
    proven = printed_json(registry("disclosure", "verify", carried, "--credential", about, "--json", home=offices.lund))
    assert (proven["status"], proven["credential"]) == ("active", offices.credential)
    person = {name: proven["claims"][name] for name in ("familyName", "givenName", "dateOfBirth")}
    less = tmp_path / "less.disclosures"
    less.write_text("\n".join(carried.read_text().split()[:-1]))
    refused = registry("disclosure", "verify", less, "--credential", about, home=offices.lund, check=1)
    assert "proves nothing" in refused.stderr

    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps(person))
    good = offices.case("open", "--credential", about, "--disclosures", carried, "--applicant", holder)
    assert "names another person" not in good.stderr
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"familyName": "Okafor", "givenName": "Chi", "dateOfBirth": "1999-01-01"}))
    opened = offices.case("open", "--credential", about, "--applicant", other, "--json")
    moved = printed_json(opened)
    assert any("was not checked" in one for one in moved["warnings"])
    answer = offices.case("disclose", moved["case"], carried, check=1)
    assert "names another person than the applicant" in answer.stdout
    assert person["familyName"] not in answer.stdout + answer.stderr
    assert "other person" in offices.case("list", "--wide").stdout


def test_the_worklist_is_searched_by_a_name_from_the_input_and_assigned(offices):
    number = opened(offices, "--external", STATISTICS)
    offices.case("assign", number, "--to", "k.berg")
    assert "works on this case already" in offices.case("assign", number, "--to", "k.berg", check=1).stderr
    found = printed_json(offices.case("list", "--assignee", "k.berg", "--json"))["items"]
    assert [(one["file_number"], one["applicant"]) for one in found] == [(number, "Jansen, Ada")]
    assert number in [one["file_number"] for one in named(offices, "jansen")]
    assert named(offices, "nobody") == []
    offices.case("unassign", number)
    assert printed_json(offices.case("list", "--assignee", "k.berg", "--json"))["items"] == []


def test_a_revocation_after_a_decision_by_digest_is_listed_until_somebody_acknowledges_it(offices, tmp_path):
    receipt = receipt_of(offices, tmp_path)
    number = opened(offices, "--receipt", receipt, "--purpose", "admission")
    offices.case("complete", number)
    offices.case("propose", number, "--outcome", "full", "--ects", 5, "--actor", "k.berg")
    offices.approved(number, "--actor", "l.holm")
    offices.case("decide", number)
    assert printed_json(offices.case("list", "--changed", "--json"))["items"] == []
    offices.run("credential", "revoke", offices.credential, "--reason", "issuedInError", "--yes")
    registry("views", "update", home=offices.lund)
    listed = offices.case("list")
    assert "changed since the decision" in listed.stdout
    assert number in offices.case("list", "--changed").stdout
    assert "is revoked now" in offices.case("show", number).stdout
    assert "is revoked" in offices.case("acknowledge", number, "--actor", "k.berg").stdout
    assert printed_json(offices.case("list", "--changed", "--json"))["changed"] == 0
    assert "nothing changed" in offices.case("acknowledge", number, check=1).stderr
    assert "seen by k.berg" in offices.case("show", number).stdout


def test_precedents_of_a_foreign_institution_are_this_offices_own(offices):
    number = opened(offices, "--external", STATISTICS)
    offices.case("complete", number)
    offices.case("propose", number, "--outcome", "full", "--actor", "k.berg")
    offices.approved(number, "--actor", "l.holm")
    offices.case("decide", number)
    registry("views", "update", home=offices.lund)
    found = printed_json(registry("precedents", "--institution", "oslomet", "--json", home=offices.lund))
    assert [one["title"] for one in found["items"]] == ["Statistics"]
    assert found["outcomes"] == {"full": 1}
    refused = registry("precedents", "--institution", "Oslo", "--issuer-country", "XX", home=offices.lund, check=2)
    assert "not a country's code" in refused.stderr
    assert "XX" in offices.case("open", "--external", "XX:Oslo Met:Statistics", "--applicant",
                                offices.folder / "ada.json", check=1).stderr  # fmt: skip


def test_erasing_an_applicant_within_the_time_for_an_appeal_wants_the_case_named(offices):
    number = opened(offices, "--external", STATISTICS)
    shown = printed_json(offices.case("show", number, "--json"))
    learner = shown["applicant"]["learner"]
    refused = registry("learner", "erase", learner, "--yes", home=offices.lund, check=2)
    assert f"--confirm-case {number}" in refused.stderr.replace("\n", " ")
    registry("learner", "erase", learner, "--yes", "--confirm-case", number, home=offices.lund)
    assert "erased" in offices.case("show", number).stdout
