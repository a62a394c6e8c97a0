"""A recognition office at its command line: assessments, a cohort decided by one, agreements."""

import json
import uuid
from datetime import date

import pytest

from projections.credentials import credentials as credentials_view
from projections.precedents.precedents import counts
from projections.precedents.query import PrecedentQuery
from projections.recognition import decisions as decisions_view
from registry.node.adapters.office import lookup_of
from registry.node.node import open_node
from registry.office.cohorts.cohort import Cohort
from registry.office.cohorts.cohort_file import CohortRow
from registry.office.errors import CohortRefused
from registry.wire.disclosures import claims_digest, open_disclosures
from registry.wire.recognition import Condition, Ground, RecognitionAssessed
from tests.bench.data import achievement
from tests.support.command import Consortium, printed_json
from tests.support.node import request

TODAY = date(2026, 9, 1)


class Office:
    """Twente decides on lund's credentials."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.lund = self.consortium.join("lund")
        with open_node(self.lund) as lund:
            self.achievement = str(uuid.uuid4())
            lund.registry.achievements.publish(achievement("lund", self.achievement))
            made = lund.issuer.issue([request(number, self.achievement) for number in range(8)])
            self.credentials = [one.credential for one in made]
            lund.registry.credentials.revoke(self.credentials[7], "issuedInError")
            lund.publisher().publish_pending()
        self.project()
        self.ref = f"lund/{self.achievement}@1"

    def project(self):
        with open_node(self.consortium.home) as twente:
            twente.projector().step()

    def run(self, *arguments, **more):
        return self.consortium.run(*arguments, **more)


@pytest.fixture(scope="module")
def office(tmp_path_factory, postgres):
    return Office(tmp_path_factory.mktemp("office"), postgres)


@pytest.fixture
def node(office):
    with open_node(office.consortium.home) as made:
        yield made


def stated(office, node, **more):
    values = {
        "assessment": str(uuid.uuid4()), "purpose": "creditTransfer", "outcome": "full",
        "mode": "recognised", "effect": "binding", "ects": 5,
    }  # fmt: skip
    about = office.achievement
    data = RecognitionAssessed(
        achievement=lookup_of(node).describe_credential("lund", office.credentials[0]).achievement, **(values | more)
    )
    assert data.achievement.achievement == about
    node.registry.recognition.assess(data)
    return data.assessment


def row(office, number, record=None):
    credential = office.credentials[number]
    return CohortRow(f"line {number}", record or f"lund/{credential}", "lund", credential)


def test_a_cohort_is_decided_by_one_assessment_bad_rows_reported_and_run_again_it_changes_nothing(office, tmp_path):
    said = office.run("recognition", "assess", office.ref, "--ects", 5, "--towards", "Data minor").stdout
    assessment = said.split()[1]
    file = tmp_path / "cohort.csv"
    good = [f"f{number},lund/{office.credentials[number]}" for number in range(3)]
    bad = [f"f8,lund/{office.credentials[7]}", "f9,lund/nobody", f"f10,twente/{office.credentials[0]}"]
    file.write_text("\n".join(["record,credential", *good, *bad]))
    first = printed_json(office.run("recognition", "cohort", assessment, file, "--json", check=1))["items"]
    problems = {one["record"]: one.get("problem", "") for one in first}
    assert problems["f8"] == "is revoked"
    assert "is not a credential" in problems["f9"]
    assert "has not arrived here" in problems["f10"]
    decided = [one["decision"] for one in first if not one.get("problem")]
    assert len(set(decided)) == 3
    file.write_text("\n".join(["record,credential", *good, f"f11,lund/{office.credentials[3]}"]))
    second = printed_json(office.run("recognition", "cohort", assessment, file, "--json"))["items"]
    assert [one["decision"] for one in second[:3]] == decided
    assert [one.get("unchanged", False) for one in second] == [True, True, True, False]
    office.project()
    with open_node(office.consortium.home) as node:
        [shown] = decisions_view.read(node.views(), [("twente", decided[0])])
        found = counts(node.views(), PrecedentQuery(member="lund", achievement=office.achievement))
    assert shown.content["basis"][0]["credential"] == {"member": "lund", "credential": office.credentials[0]}
    [grant] = shown.content["grants"]
    assert (grant["outcome"], grant["ects"], grant["towards"]["title"]) == ("full", 5, {"en": "Data minor"})
    assert found.total == 5  # four decisions and the assessment
    assert "Verified up to" in office.run("audit").stdout


def test_a_record_stands_for_one_credential_and_a_credential_is_decided_once_by_an_assessment(office, node):
    made = Cohort(node.registry, lookup_of(node), stated(office, node), TODAY)
    [dry] = made.decide([row(office, 0, "file-1")], dry_run=True)
    assert (dry.decision, dry.problem, dry.unchanged) == (None, "", False)
    [first] = made.decide([row(office, 0, "file-1")])
    assert first.decision
    assert not first.unchanged
    [other, again] = made.decide([row(office, 1, "file-1"), row(office, 0, "file-2")])
    assert "another credential" in other.problem
    assert (again.decision, again.unchanged) == (first.decision, True)
    another = Cohort(node.registry, lookup_of(node), stated(office, node), TODAY)
    [apart] = another.decide([row(office, 0, "file-1")])
    assert apart.decision not in (None, first.decision)


def test_a_cohort_that_is_refused_or_applies_for_admission_is_not_named_on_the_log(office, node):
    grounds = [Ground("level", "lowerLevel")]
    for purpose, outcome in (("admission", "full"), ("creditTransfer", "refused")):
        refused = outcome == "refused"
        assessment = stated(
            office, node, purpose=purpose, outcome=outcome, grounds=grounds if refused else None, ects=None
        )
        [decided] = Cohort(node.registry, lookup_of(node), assessment, TODAY).decide([row(office, 4)])
        data = next(iter(node.registry.store.events.get(uuid.UUID(decided.decision)))).data
        assert data.basis[0].credential is None
        about = open_disclosures(claims_digest([decided.disclosure]), [decided.disclosure])["credential"]
        assert about == {"member": "lund", "credential": office.credentials[4]}
        assert data.basis[0].credential_digest == claims_digest([decided.disclosure])


def test_a_cohort_raises_no_level_and_grants_no_more_than_the_original(office, node):
    for more, said in (({"eqf_level": 8}, "recognition does not raise a level"), ({"ects": 9}, "9 ECTS on 5")):
        [raised] = Cohort(node.registry, lookup_of(node), stated(office, node, **more), TODAY).decide([row(office, 0)])
        assert raised.decision is None
        assert said in raised.problem


def test_a_conditional_cohort_has_its_conditions_and_no_other_has_any(office, node):
    ground = {"outcome": "conditional", "grounds": [Ground("profile", "practiceMissing")], "ects": None}
    conditional, full = stated(office, node, **ground), stated(office, node)
    lookup, condition = lookup_of(node), [Condition("practicalTraining")]
    with pytest.raises(CohortRefused, match="needs its conditions"):
        Cohort(node.registry, lookup, conditional, TODAY)
    with pytest.raises(CohortRefused, match="has no conditions"):
        Cohort(node.registry, lookup, full, TODAY, condition)
    [decided] = Cohort(node.registry, lookup, conditional, TODAY, condition).decide([row(office, 5)])
    assert decided.decision


def test_what_is_over_is_not_stated_and_what_ends_today_is(office):
    assess = ["recognition", "assess", office.ref, "--ects", 5, "--valid-until"]
    assert "$.validUntil: 2020-01-01 is over; name the last day" in office.run(*assess, "2020-01-01", check=1).stderr
    today = date.today().isoformat()  # noqa: DTZ011 - a day on the office's calendar
    assert "assessment " in office.run(*assess, today).stdout


def test_no_cohort_rests_on_an_assessment_that_was_withdrawn_or_is_over(office, node):
    over = stated(office, node, valid_until="2026-08-31")
    with pytest.raises(CohortRefused, match="valid until 2026-08-31"):
        Cohort(node.registry, lookup_of(node), over, TODAY)
    gone = stated(office, node)
    node.registry.recognition.withdraw_assessment(gone, "administrative")
    with pytest.raises(CohortRefused, match="withdrawn"):
        Cohort(node.registry, lookup_of(node), gone, TODAY)


def test_an_agreement_is_tried_declared_shown_on_a_credential_and_withdrawn(office, tmp_path):
    named = ["--achievement", f"{office.achievement}@1", "--include-revisions"]
    period = ["--since", "2026-01-01", "--until", "2026-12-31"]
    tried = printed_json(office.run("agreement", "simulate", "lund", *named, *period, "--json"))
    assert (tried["achievements"], tried["covered"]) == (1, 7)
    draft = tmp_path / "draft.json"
    draft.write_text(
        json.dumps(
            {
                "with": "lund",
                "achievements": {"fieldsOfEducation": ["06"]},
                "purpose": "creditTransfer",
                "ectsRatio": 0.5,
            }
        )
    )
    halved = office.run("agreement", "simulate", "--file", draft, *period).stdout
    assert "7 active credentials of 1 achievement versions" in halved
    said = office.run("agreement", "declare", "lund", *named, "--valid-from", "2026-01-01").stdout
    agreement = said.split()[1]
    office.project()
    assert f"twente/{agreement}" in office.run("credential", "show", office.credentials[0], "--member", "lund").stdout
    office.run("agreement", "withdraw", agreement, "--from", "2026-06-01")
    office.project()
    shown = printed_json(office.run("agreement", "show", agreement, "--json"))
    assert (shown["withdrawn_from"], shown["mutual"]) == ("2026-06-01", False)
    with open_node(office.consortium.home) as node:
        [covered] = credentials_view.read(node.views(), [("lund", office.credentials[0])])
    assert covered.recognised_by == []


def test_a_decision_without_a_case_is_checked_as_an_assessment_is(office):
    compared = printed_json(office.run("recognition", "compare", f"lund/{office.credentials[6]}", "--json"))
    assert compared["offered"]["issuer_when_issued"] == "active"
    assert [one["name"] for one in compared["elements"]][:2] == ["level", "workload"]
    about = f"lund/{office.credentials[6]}"
    too_much = office.run("recognition", "decide", about, "--ects", 9, check=1)
    assert "9 ECTS on 5" in too_much.stderr
    refused = office.run(
        "recognition", "decide", about, "--outcome", "refused", "--ground", "level:lowerLevel", check=1
    )
    assert "say why partial recognition was not possible" in refused.stderr
    office.run("office", "profile", "set", "Research minor", "--level", 7)
    compared = office.run("recognition", "decide", about, "--ects", 5, "--towards", "research minor", check=1)
    assert "lowerLevel is worth a look (EQF 6, and 7 is required)" in " ".join(compared.stderr.split())
    decided = office.run("recognition", "decide", about, "--ects", 5)
    assert "note: nothing was assessed" in decided.stderr


def test_saved_reasons_are_listed_in_a_language_the_offices_own_first(office):
    own = office.consortium.home / "reasons"
    own.mkdir()
    (own / "nl.toml").write_text('[workload]\nnotEstablished = "Omvang onbekend."\n')
    listed = printed_json(office.run("reasons", "list", "workload", "--language", "nl", "--json"))["items"]
    assert {one["code"]: one["text"] for one in listed} == {
        "notEstablished": "Omvang onbekend.",
        "substantiallyLess": "De studielast van de kwalificatie is aanzienlijk kleiner dan vereist.",
    }
    recorded = office.run("reasons", "show", "NL").stdout
    assert "is a party to the Lisbon Recognition Convention (as of" in recorded
    assert recorded.count("source: http") == recorded.count("NL: ")
    assert "Nothing is recorded about this country." in office.run("reasons", "show", "BR").stdout
    assert "not a country's code" in office.run("reasons", "show", "XX", check=2).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["recognition", "assess", "{ref}", "--ects", "6"], 1, "more than the original"),
        (
            ["recognition", "assess", "{ref}", "--outcome", "refused", "--ground", "level:lowerLevel"],
            1,
            "say why partial",
        ),
        (["recognition", "cohort", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "x"], 2, "does not exist"),
        (["agreement", "declare", "lund", "--valid-from", "2026-01-01"], 2, "one of the two"),
        (["agreement", "declare", "twente", "--level", "6", "--valid-from", "2026-01-01"], 2, "with another member"),
    ],
)
def test_wrong_words_get_a_sentence_and_an_exit_code(office, arguments, code, says):
    done = office.run(*(one.format(ref=office.ref) for one in arguments), check=code)
    assert says in " ".join((done.stdout + done.stderr).replace("│", " ").split())
