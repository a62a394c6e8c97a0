"""A recognition office at work on the command line, from a learner's receipt to an amended decision."""

import json

import pypdf
import pytest

from tests.support.command import Consortium, command, printed_json, registry
from tests.support.terminal import at_a_terminal

ADA = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


class Offices(Consortium):
    """Twente, which issues, and Lund, which decides about it."""

    def __init__(self, folder, server):
        super().__init__(folder, server)
        self.lund = self.join("lund")
        self.achievement = self.offer()
        self.run("import", "file", self.rows(self.achievement, 1))
        self.run("views", "update")
        learner = printed_json(self.run("learner", "show", "--student", "s0", "--json"))
        self.credential = learner["credentials"][0]["credential"]
        registry("views", "update", home=self.lund)

    def case(self, *arguments, **more):
        return registry("case", *arguments, home=self.lund, **more)

    def moved(self, *arguments):
        return printed_json(self.case(*arguments, "--json"))

    def approved(self, case, *arguments, **more):
        """Approve the proposal that the case shows."""
        shown = printed_json(self.case("show", case, "--json"))
        return self.case("approve", case, "--proposal", shown["waiting"]["proposal_id"], *arguments, **more)

    def receipt(self):
        file = self.folder / "given.tlog-proof"
        self.run("receipt", "create", "credential", self.credential, "--out", file)
        return file


@pytest.fixture(scope="module")
def offices(tmp_path_factory, postgres):
    return Offices(tmp_path_factory.mktemp("cases"), postgres)


def test_from_a_learners_receipt_to_a_decision_an_appeal_and_an_amended_decision(offices):
    ada = offices.folder / "ada.json"
    ada.write_text(json.dumps(ADA))
    opened = offices.moved(
        "open",
        "--receipt",
        offices.receipt(),
        "--towards",
        "Minor data science",
        "--applicant",
        ada,
        "--language",
        "nl",
    )
    case, number = opened["case"], opened["file_number"]
    assert (opened["state"], opened["due"]) == ("collecting", None)
    offices.case("request-documents", number, "transcript", "identity", "--note", "Both sides, please.")
    assert "waiting" in offices.case("list").stdout
    assert offices.moved("receive-documents", number, "transcript", "identity")["state"] == "collecting"
    complete = offices.moved("complete", case)
    assert complete["state"] == "assessing"
    assert complete["due"] > "2026"
    enquiry = offices.moved("enquire", case)["enquiry"]
    offices.case("answer", case, enquiry, "authentic")
    offices.case(
        "propose", case, "--outcome", "partial", "--ects", 3, "--ground", "workload:substantiallyLess",
        "--actor", "k.berg", "--note", "Two credits less.",
    )  # fmt: skip
    unnamed = offices.case("approve", case, "--actor", "l.holm", check=2)
    shown = offices.case("show", case).stdout
    for text in (unnamed.stderr, shown):
        for said in ("Recognised in part, 3 ECTS", "towards Minor data science", "on credential 0: ",
                     "because of workload: substantiallyLess", "not assessed, and compared with nothing",
                     "to the applicant: Two credits less.", "note: nothing was assessed",
                     "no profile is called 'Minor data science'"):  # fmt: skip
            assert said in " ".join(text.split()), said
    assert "Name the proposal that you read" in " ".join(unnamed.stderr.replace("│", " ").split())
    refused = offices.approved(case, "--actor", "k.berg", check=1)
    assert "k.berg made the proposal; another person must do this (second-person)" in refused.stderr
    changed = offices.case("approve", case, "--actor", "l.holm", "--proposal", "0" * 8, check=1)
    assert "the proposal changed: you name 00000000" in changed.stderr
    assert printed_json(offices.approved(case, "--actor", "l.holm", "--json"))["state"] == "approved"
    decided = offices.moved("decide", case)
    assert decided["state"] == "decided"

    offices.case("appeal", case, "--note", "The workload is the same.")
    offices.case("propose", case, "--outcome", "full", "--ects", 5, "--actor", "m.lind")
    offices.approved(case, "--actor", "k.berg")
    amended = offices.moved("amend", case)
    shown = printed_json(offices.case("show", number, "--json"))
    assert [one["decision"] for one in shown["decisions"]] == [decided["decision"], amended["decision"]]
    assert shown["decisions"][1]["supersedes"] == decided["decision"]
    assert shown["applicant"]["family_name"] == "Jansen"
    assert shown["subjects"][0]["subject"]["evidence"] == "verifiedFile"
    assert shown["subjects"][0]["at_decision"]["status"] == "active"
    assert "Two credits less." in [one["content"] for one in shown["written"]]
    assert [step["what"] for step in shown["history"]][-3:] == ["proposed", "approved", "decided"]

    offices.run("views", "update")
    feed = [json.loads(line) for line in offices.run("feed", "--json").stdout.splitlines()]
    told = [one for one in feed if "credential.decision.superseded" in one["type"] or "recognised" in one["type"]]
    assert decided["decision"] in json.dumps(told)
    assert amended["decision"] in json.dumps(told)
    registry("views", "update", home=offices.lund)
    seen = printed_json(registry("recognition", "show", decided["decision"], "--json", home=offices.lund))["items"]
    assert seen[0]["state"] == "superseded"


def letter_text(file):
    pages = pypdf.PdfReader(file).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_what_an_issuer_denies_takes_a_reason_and_a_second_person_who_accepts_it(offices):
    ada = offices.folder / "denied.json"
    ada.write_text(json.dumps(ADA))
    opened = offices.moved("open", "--external", "NO:Oslo Met:Statistics", "--applicant", ada, "--purpose", "admission",
                           "--towards", "Master of Urban Analytics")  # fmt: skip
    case = opened["case"]
    offices.case("complete", case)
    offices.case("answer", case, offices.moved("enquire", case)["enquiry"], "notAuthentic")
    full = ("propose", case, "--outcome", "full", "--actor", "k.berg")
    stopped = offices.case(*full, check=1)
    assert "says that it is not authentic" in stopped.stderr
    assert "--override REASON" in " ".join(stopped.stderr.split())
    offices.case(*full, "--override", "The rector confirmed it on paper.")
    seen = offices.approved(case, "--actor", "l.holm", check=1)
    assert "override of notAuthentic:0 by k.berg: The rector confirmed it on paper." in seen.stderr
    assert "--accept-override" in seen.stderr
    assert "override of notAuthentic:0 by k.berg" in offices.case("show", case).stdout
    offices.approved(case, "--actor", "l.holm", "--accept-override")
    decided = offices.moved("decide", case)
    assert decided["warnings"] == ["the issuer of credential 0 (Statistics) says that it is not authentic"]
    shown = printed_json(offices.case("show", case, "--json"))
    assert shown["decisions"][0]["grants"][0]["towards"]["title"] == {"en": "Master of Urban Analytics"}
    assert shown["override"]["accepted"] is True
    assert "--override" not in offices.case("decide", "--help").stdout


def test_at_a_terminal_whoever_approves_reads_the_proposal_and_is_asked(offices):
    ada = offices.folder / "asked.json"
    ada.write_text(json.dumps(ADA))
    case = offices.moved("open", "--external", "NO:Oslo Met:Jazz", "--applicant", ada)["case"]
    offices.case("complete", case)
    offices.case("propose", case, "--outcome", "full", "--actor", "k.berg")
    words, question = command("case", "approve", case, "--actor", "l.holm", home=offices.lund), (b"[y/N]: ",)
    assert "Recognised in full" in at_a_terminal(words, ["n"], question)
    assert printed_json(offices.case("show", case, "--json"))["case"]["state"] == "proposed"
    at_a_terminal(words, ["y"], question)
    assert printed_json(offices.case("show", case, "--json"))["case"]["state"] == "approved"


def test_a_case_of_two_credentials_names_the_one_that_it_leaves(offices):
    ada = offices.folder / "two.json"
    ada.write_text(json.dumps(ADA))
    case = offices.moved("open", "--external", "NO:Oslo Met:Statistics", "--external", "NO:Bergen:Physics",
                         "--applicant", ada)["case"]  # fmt: skip
    offices.case("complete", case)
    grants = offices.folder / "first.json"
    grants.write_text(json.dumps([{"from": [0], "outcome": "full", "mode": "recognised", "gradeTransfer": "none"}]))
    refused = offices.case("propose", case, "--grants", grants, check=1)
    assert "nothing is proposed on credential 1" in refused.stderr
    offices.case("propose", case, "--outcome", "full", "--leave", "nonsense", check=2)
    offices.case("propose", case, "--grants", grants, "--leave", "1:You sent it for information only.")
    assert "credential 1 is left out: You sent it for information only." in offices.case("show", case).stdout


def test_a_case_is_corrected_compared_with_a_profile_and_gets_the_letter_of_its_state(offices):
    ada, file = offices.folder / "kept.json", offices.folder / "letter.pdf"
    ada.write_text(json.dumps(ADA))
    registry("office", "profile", "set", "Master of Urban Analytics", "--level", 7, "--ects", 60, home=offices.lund)
    listed = printed_json(registry("office", "profile", "list", "--json", home=offices.lund))["items"]
    assert [(one["name"], one["requirement"]["ects"]) for one in listed] == [("Master of Urban Analytics", 60)]
    case = offices.moved("open", "--external", "NO:Oslo Met:Statistics", "--applicant", ada)["case"]
    corrected = offices.folder / "corrected.json"
    corrected.write_text(json.dumps({"familyName": "Janssen", "address": "Kerkstraat 1"}))
    offices.case("correct", case, "--applicant", corrected, "--towards", "master of urban analytics")
    said = offices.case("letter", case, "-o", file)
    assert "letter about the receipt of the application" in said.stdout
    assert "`address` in [office] is not set" in said.stderr
    assert "Dear Ada Janssen," in letter_text(file)
    assert "Applied for: master of urban analytics" in letter_text(file)
    offices.case("complete", case)
    template = json.loads(offices.case("assess", case, "--template").stdout)
    assert template["assessed"][0]["requirement"]["ects"] == 60
    workload = template["assessed"][0]["elements"][1]
    assert workload["suggested"][0]["difference"] == "notEstablished"
    stopped = offices.case("propose", case, "--outcome", "full", check=1)
    assert "levelNotEstablished is worth a look" in stopped.stderr
    offices.case("withdraw", case)
    assert "letter about the withdrawn application" in offices.case("letter", case, "-o", file).stdout
    assert "Your application was withdrawn" in letter_text(file)
    assert "no decision is due" in offices.case("letter", case, "-o", file, "--kind", "delay", check=1).stderr
    registry("office", "profile", "remove", "MASTER of urban analytics", home=offices.lund)
    gone = registry("office", "profile", "show", "Master of Urban Analytics", home=offices.lund, check=1)
    assert "there is no profile" in gone.stderr
