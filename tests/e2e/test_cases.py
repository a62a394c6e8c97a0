"""A recognition office at work on the command line, from a learner's receipt to an amended decision."""

import json

import pytest

from tests.support.command import Consortium, printed_json, registry

ADA = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


class Offices(Consortium):
    """Twente, which issues, and Lund, which decides about it."""

    def __init__(self, folder, server):
        super().__init__(folder, server)
        self.lund = self.join("lund")
        self.achievement = self.offer()
        self.run("import", self.rows(self.achievement, 1))
        self.run("project")
        learner = printed_json(self.run("learner", "show", "--student", "s0", "--json"))
        self.credential = learner["credentials"][0]["credential"]
        registry("project", home=self.lund)

    def case(self, *arguments, **more):
        return registry("case", *arguments, home=self.lund, **more)

    def moved(self, *arguments):
        return printed_json(self.case(*arguments, "--json"))

    def receipt(self):
        file = self.folder / "given.tlog-proof"
        self.run("receipt", "credential", self.credential, "--out", file)
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
        "--as", "k.berg", "--note", "Two credits less.",
    )  # fmt: skip
    refused = offices.case("approve", case, "--as", "k.berg", check=1)
    assert "k.berg made the proposal; another person must do this (second-person)" in refused.stderr
    assert offices.moved("approve", case, "--as", "l.holm")["state"] == "approved"
    decided = offices.moved("decide", case)
    assert decided["state"] == "decided"

    offices.case("appeal", case, "--note", "The workload is the same.")
    offices.case("propose", case, "--outcome", "full", "--ects", 5, "--as", "m.lind")
    offices.case("approve", case, "--as", "k.berg")
    amended = offices.moved("amend", case)
    shown = printed_json(offices.case("show", number, "--json"))
    assert [one["decision"] for one in shown["decisions"]] == [decided["decision"], amended["decision"]]
    assert shown["decisions"][1]["supersedes"] == decided["decision"]
    assert shown["applicant"]["family_name"] == "Jansen"
    assert shown["subjects"][0]["subject"]["evidence"] == "verifiedFile"
    assert shown["subjects"][0]["at_decision"]["status"] == "active"
    assert "Two credits less." in [one["content"] for one in shown["written"]]
    assert [step["what"] for step in shown["history"]][-3:] == ["proposed", "approved", "decided"]

    offices.run("project")
    feed = [json.loads(line) for line in offices.run("feed", "--json").stdout.splitlines()]
    told = [one for one in feed if "credential.decision.superseded" in one["type"] or "recognised" in one["type"]]
    assert decided["decision"] in json.dumps(told)
    assert amended["decision"] in json.dumps(told)
    registry("project", home=offices.lund)
    seen = printed_json(registry("recognition", "show", decided["decision"], "--json", home=offices.lund))["items"]
    assert seen[0]["state"] == "superseded"
