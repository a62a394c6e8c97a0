"""The recognition office's cases on a real PostgreSQL: what is published, what stays private, and what is refused."""

from datetime import timedelta

import msgspec
import pytest

from projections.recognition import decisions
from registry.batches import BatchStore
from registry.domain.case_errors import (
    ApplicantErased,
    AssessmentObjections,
    CaseChanged,
    CredentialStatus,
    DateOrder,
    FileNumberTaken,
    NoCredential,
    NotApplicant,
    NotCovered,
    Stopped,
    UnknownCase,
    UnknownProfile,
    UnknownSubject,
)
from registry.domain.errors import IllegalTransition
from registry.learners.erasure import erase
from registry.office.assessments.assessment import (
    AssessedCredential,
    Assessment,
    ConsideredOutcome,
    ProposedGrant,
)
from registry.office.assessments.case_assessment import draft_assessment
from registry.office.assessments.comparison import ELEMENTS, Element
from registry.office.assessments.offered import Offered, Requirement
from registry.office.assessments.profiles import ProfileRow
from registry.office.cases import worklist
from registry.office.cases.applicants import Applicant
from registry.office.cases.assessment_draft import draft_of
from registry.office.cases.case_view import collect_letter_facts, show_case
from registry.office.cases.corrections import Correction
from registry.office.cases.opening import Application, SubmittedCredential
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.worklist import WorklistQuery
from registry.publishing import commit_builder
from registry.values.persons import normalise_name
from registry.vault.vault import random_id
from registry.wire.disclosures import claims_digest, open_disclosures
from registry.wire.errors import InvalidEvent, WireError
from registry.wire.forms import CredentialRef
from registry.wire.recognition import External, Towards
from tests.support.days import days_ago, today
from tests.support.lund import ADA, STATISTICS, Lund, full, grant

HOSTILE = [
    "x'; DROP TABLE office.cases; --",
    '=HYPERLINK("http://x")',
    "@SUM(1)",
    "<script>alert(1)</script>",
    "{{7*7}} %s %(x)s \\x41",
    "\u202etxt\u0085 Ã",
]


@pytest.fixture
def lund(dsn):
    made = Lund(dsn, due_by_country={"NO": "P1M"})
    yield made
    made.close()


def on_log(lund, decision):
    [found] = decisions.read(lund.views, [("lund", decision)])
    return found


# What is published


def test_a_decision_in_favour_names_the_credential_and_the_case_keeps_what_was_known_of_it(lund):
    credential = lund.issue()
    case = lund.approved(credential, grants=[grant("partial", "workload:substantiallyLess", ects=3)])
    moved = lund.office.decide(case, "l.holm")
    lund.publish()
    found = on_log(lund, moved.decision)
    assert found.content["basis"][0]["credential"] == {"member": "twente", "credential": credential}
    assert (found.content["grants"][0]["outcome"], found.content["grants"][0]["ects"]) == ("partial", 3)
    assert found.flags == []
    shown = show_case(lund.office, case)
    assert (shown.subjects[0].at_decision.status, shown.subjects[0].at_decision.size) == ("active", 2)
    assert shown.case.appeal_until == today() + timedelta(days=42)


def test_several_credentials_of_which_one_is_no_members_become_bases_of_one_decision(lund):
    first, second = lund.issue(), lund.issue(achievement=lund.course())
    case = lund.approved(first, STATISTICS, second, grants=[full(0, 2, ects=10), full(1, ects=None)])
    moved = lund.office.decide(case, "l.holm")
    lund.publish()
    content = on_log(lund, moved.decision).content
    assert [base.get("external", {}).get("title") for base in content["basis"]] == [None, "Statistics", None]
    assert [base["evidence"] for base in content["basis"]] == ["onLog", "paper", "onLog"]
    assert [one["from"] for one in content["grants"]] == [[0, 2], [1]]


def test_an_application_hides_its_credentials_behind_digests_that_the_applicant_can_open(lund):
    credentials = [lund.issue(), lund.issue()]
    case = lund.approved(*credentials, purpose="admission")
    moved = lund.office.decide(case, "l.holm")
    lund.publish()
    found = on_log(lund, moved.decision)
    said = show_case(lund.office, case).disclosures
    assert [claims_digest([one]) for one in said] == [base["credentialDigest"] for base in found.content["basis"]]
    assert [open_disclosures(claims_digest([one]), [one])["credential"]["credential"] for one in said] == credentials
    line = next(bytes(r.data) for r in lund.log.records("lund"))
    assert all(credential.encode() not in line for credential in credentials)


def test_what_the_log_would_refuse_is_refused_before_anybody_approves(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    for wrong in (grant("partial", ects=3), grant("partial", "workload:outdated", ects=3), full(3)):
        with pytest.raises((InvalidEvent, UnknownSubject)):
            lund.office.propose(case, [wrong], "k.berg")
    assert show_case(lund.office, case).case.state == "assessing"


def test_an_amended_decision_supersedes_and_a_withdrawn_one_says_why(lund):
    case = lund.approved(lund.issue(), grants=[grant("partial", "workload:substantiallyLess", ects=3)])
    first = lund.office.decide(case, "l.holm").decision
    lund.office.appeal(case, "desk", text="The workload is the same.")
    lund.office.propose(case, [full()], "m.lind", text="After your appeal.")
    lund.approve(case, "l.holm")
    second = lund.office.amend(case, "l.holm").decision
    lund.publish()
    assert on_log(lund, first).superseded_by == second
    letter = collect_letter_facts(lund.office, case)
    assert (letter.data.decision, letter.appealed, letter.note) == (second, True, "After your appeal.")
    assert collect_letter_facts(lund.office, case, first).appealed is False
    assert letter.applicant.family_name == "Jansen"
    lund.office.withdraw(case, "desk", reason="onAppeal")
    lund.office.withdraw(case, "l.holm", reason="onAppeal")
    lund.publish()
    assert on_log(lund, second).state == "withdrawn"


# The credential's status


def test_a_credential_revoked_after_the_approval_is_decided_only_by_an_override_or_on_a_formal_ground(lund):
    credential = lund.issue()
    case = lund.approved(credential)
    lund.put(lund.twente.revoke(credential))
    lund.project()
    with pytest.raises(Stopped, match=f"since it was approved, this came up:\n- .*twente/{credential} is revoked"):
        lund.office.decide(case, "l.holm")
    assert show_case(lund.office, case).case.state == "approved"
    lund.office.return_(case, "l.holm")
    with pytest.raises(Stopped, match=f"twente/{credential} is revoked"):
        lund.office.propose(case, [full()], "k.berg")
    with pytest.raises(Stopped, match="is revoked"):
        lund.office.propose(case, [full()], "k.berg", override="  ")
    lund.office.propose(case, [full()], "k.berg", override="Revoked by mistake, Twente telephoned.")
    shown = show_case(lund.office, case).override
    assert (shown.against, shown.by, shown.accepted) == (["revoked:0"], "k.berg", False)
    assert shown.reason == "Revoked by mistake, Twente telephoned."
    with pytest.raises(Stopped, match=r"k\.berg proposes it all the same"):
        lund.approve(case, "l.holm")
    lund.approve(case, "l.holm", accept_override=True)
    moved = lund.office.decide(case, "l.holm")
    assert moved.warnings == [f"credential twente/{credential} is revoked"]
    shown = show_case(lund.office, case)
    assert shown.subjects[0].at_decision.status == "revoked"
    assert shown.history[-1].data["overridden"] == ["revoked:0"]
    assert shown.override.accepted
    assert b"Twente telephoned" not in lund.everything()

    other = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01")
    formal = lund.open(credential, applicant=other).case
    lund.office.complete(formal, "desk")
    lund.office.assess(formal, assessment(proposed(grant("refused", "formal:revoked"))), "k.berg")
    lund.office.propose(formal, [], "k.berg")
    lund.approve(formal, "l.holm")
    assert lund.office.decide(formal, "l.holm").warnings == []


def test_what_is_revoked_after_the_decision_is_shown_with_what_it_was(lund):
    credential = lund.issue()
    case = lund.approved(credential)
    lund.office.decide(case, "l.holm")
    lund.put(lund.twente.revoke(credential))
    lund.project()
    warnings = show_case(lund.office, case).warnings
    assert "credential 0 was active when it was decided, and is revoked now" in warnings


def test_a_credential_that_has_not_arrived_is_decided_about_by_its_receipt_alone(lund, tmp_path):
    credential = lund.issue(seen=False)
    unknown = lund.open(credential).case
    lund.office.complete(unknown, "desk")
    with pytest.raises(CredentialStatus, match="has not arrived here, and nothing proves what it is of"):
        lund.office.propose(unknown, [full()], "k.berg")

    receipt = SubmittedCredential(receipt=lund.receipt(credential, tmp_path))
    case = lund.open(receipt).case
    lund.office.complete(case, "desk")
    with pytest.raises(Stopped, match="has not arrived here"):
        lund.office.propose(case, [full()], "k.berg")
    lund.office.propose(case, [full()], "k.berg", override="The receipt proves that it was issued.")
    lund.approve(case, "l.holm", accept_override=True)
    moved = lund.office.decide(case, "l.holm")
    shown = show_case(lund.office, case)
    assert (shown.subjects[0].subject.evidence, shown.subjects[0].at_decision.status) == ("verifiedFile", "unknown")
    lund.project()
    lund.publish()
    assert on_log(lund, moved.decision).flags == []
    assert any("and is active now" in warning for warning in show_case(lund.office, case).warnings)


def test_a_receipt_that_was_altered_opens_nothing(lund, tmp_path):
    receipt = lund.receipt(lund.issue(), tmp_path)
    altered = [receipt.replace(old, new) for old, new in (("extra ey", "extra eY"), ("index ", "index 1"))]
    assert receipt not in altered
    for wrong in ("", "no receipt", receipt[:-9], *altered):
        with pytest.raises((WireError, UnknownSubject)):
            lund.open(SubmittedCredential(receipt=wrong))
    assert worklist.count_cases(lund.registry.cursor(), today=today(), soon=14).states == {}


def test_what_its_issuer_denies_stops_at_the_proposal_and_is_refused_as_not_authentic(lund):
    case = lund.open(STATISTICS).case
    lund.office.complete(case, "desk")
    enquiry = lund.office.enquire(case, 0, "desk", text="Is 4711 yours?").enquiry
    warned = lund.office.answer(case, enquiry, "notAuthentic", "desk").warnings
    assert warned == ["the issuer of credential 0 (Statistics) says that it is not authentic"]
    for wrong in (full(ects=None), grant("partial", "formal:notAuthentic", ects=1)):
        with pytest.raises(Stopped, match="says that it is not authentic"):
            lund.office.propose(case, [wrong], "k.berg")
    assert show_case(lund.office, case).case.state == "assessing"
    lund.office.propose(case, [grant("refused", "formal:notAuthentic")], "k.berg")
    lund.approve(case, "l.holm")
    assert lund.office.decide(case, "l.holm").decision


# Assessments


def assessment(*grants, purpose="creditTransfer"):
    offered = Offered(issuer="twente", member=True, title={"en": "Data literacy"}, ects=5, eqf_level=6)
    elements = [Element(name=name, original="", required="") for name in ELEMENTS]
    return Assessment(purpose, "binding", [AssessedCredential(offered, Requirement(), elements)], list(grants))


def proposed(one, *reasons):
    considered = [ConsideredOutcome(outcome, why) for outcome, why in zip(
        ("partial", "conditional", "alternative"), reasons or ["formalGround"] * 3, strict=True
    )]  # fmt: skip
    return ProposedGrant(one, considered)


def test_an_assessment_begins_with_what_is_known_and_ends_as_what_is_proposed(lund):
    credential = lund.issue()
    case = lund.open(credential, STATISTICS).case
    lund.office.complete(case, "desk")
    lund.office.answer(case, lund.office.enquire(case, 1, "desk").enquiry, "authentic", "desk")
    draft = draft_assessment(lund.registry.case(case), lund.lookup(), Requirement(ects=10))
    known, external = (one.offered for one in draft.assessed)
    assert (known.ects, known.status, known.evidence, known.authentic) == (5, "active", "onLog", True)
    assert (external.title, external.country, external.authentic) == ({"en": "Statistics"}, "NO", True)
    [workload] = [one for one in draft.assessed[0].elements if one.name == "workload"]
    assert [one.difference for one in workload.suggested] == ["substantiallyLess"]
    named = msgspec.structs.replace(workload, named=["substantiallyLess"])
    elements = [named if one.name == "workload" else one for one in draft.assessed[0].elements]
    answered = [
        msgspec.structs.replace(one, no_difference="The transcript says 3 ECTS, and the university is accredited.")
        if one.suggested
        else one
        for one in draft.assessed[1].elements
    ]
    assessed = [
        msgspec.structs.replace(draft.assessed[0], elements=elements),
        msgspec.structs.replace(
            draft.assessed[1], elements=answered, offered=msgspec.structs.replace(draft.assessed[1].offered, ects=3)
        ),
    ]
    partial = grant("partial", "workload:substantiallyLess", ects=4)
    ready = msgspec.structs.replace(
        draft, assessed=assessed, proposed=[ProposedGrant(partial), ProposedGrant(full(1, ects=3))]
    )
    lund.office.assess(case, ready, "k.berg")
    lund.office.propose(case, [], "k.berg")
    assert show_case(lund.office, case).proposal == [partial, full(1, ects=3)]


def test_what_was_revoked_since_it_was_assessed_is_not_proposed(lund):
    credential = lund.issue()
    case = lund.open(credential).case
    lund.office.complete(case, "desk")
    lund.office.assess(case, assessment(ProposedGrant(full())), "k.berg")
    lund.put(lund.twente.revoke(credential))
    lund.project()
    with pytest.raises(Stopped, match=f"credential twente/{credential} is revoked"):
        lund.office.propose(case, [], "k.berg")


def test_an_assessment_that_has_something_to_be_mended_is_not_proposed(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    unnamed = grant("partial", "workload:substantiallyLess", ects=3)
    lund.office.assess(case, assessment(ProposedGrant(unnamed)), "k.berg")
    with pytest.raises(AssessmentObjections, match="differenceNotNamed"):
        lund.office.propose(case, [], "k.berg")
    lund.office.assess(case, assessment(ProposedGrant(full())), "k.berg")
    lund.office.propose(case, [], "k.berg")
    assert show_case(lund.office, case).proposal == [full()]


def test_a_refusal_needs_an_assessment_that_considered_something_milder(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    refused = grant("refused", "formal:notCompetent")
    with pytest.raises(AssessmentObjections, match="which milder outcomes were considered"):
        lund.office.propose(case, [refused], "k.berg")
    lund.office.assess(case, assessment(ProposedGrant(refused)), "k.berg")
    with pytest.raises(AssessmentObjections, match="milderNotConsidered"):
        lund.office.propose(case, [], "k.berg")
    lund.office.assess(case, assessment(proposed(refused)), "k.berg")
    lund.office.propose(case, [], "k.berg")


def test_an_assessment_is_of_this_case(lund):
    case = lund.open(lund.issue(), STATISTICS).case
    lund.office.complete(case, "desk")
    with pytest.raises(UnknownSubject, match="in the assessment: 1, in the case: 2"):
        lund.office.assess(case, assessment(), "k.berg")


def test_with_nothing_proposed_nothing_is_proposed(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    with pytest.raises(AssessmentObjections, match="nothing is proposed"):
        lund.office.propose(case, [], "k.berg")


# Two at once


def test_of_two_who_approve_at_once_one_wins_and_the_other_is_told_to_look_again(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    lund.office.propose(case, [full()], "k.berg")
    faster = lund.another()
    with lund.registry.transaction() as transaction:
        lund.approve(case, "l.holm", lund.office.within(transaction))
        lund.approve(case, "m.lind", faster)
        with pytest.raises(CaseChanged, match="somebody else changed this case"):
            transaction.commit()
    assert show_case(lund.office, case).case.approver == "m.lind"
    with pytest.raises(IllegalTransition, match="it is approved"):
        lund.approve(case, "l.holm")


def test_of_two_who_decide_at_once_one_publishes_and_nothing_of_the_other_stays(lund):
    case = lund.approved(lund.issue(), purpose="admission")
    faster = lund.another()
    with lund.registry.transaction() as transaction:
        lund.office.within(transaction).decide(case, "l.holm")
        faster.decide(case, "m.lind")
        with pytest.raises(CaseChanged):
            transaction.commit()
    lund.publish()
    assert len(decisions.of_office(lund.views, "lund", today(), today()).items) == 1
    kept = lund.registry.cursor().execute("SELECT count(*) AS n FROM vault.decisions").fetchone()
    assert kept["n"] == 1


# The applicant


def test_an_applicant_whose_number_is_known_here_is_the_same_learner_and_others_are_new_ones(lund):
    credential = lund.issue()
    numbered = msgspec.structs.replace(ADA, student="s17")
    first = show_case(lund.office, lund.open(credential, applicant=numbered).case).applicant
    again = show_case(lund.office, lund.open(STATISTICS, applicant=Applicant(student="s17")).case).applicant
    assert (again.learner, again.family_name) == (first.learner, "Jansen")
    same_names = show_case(lund.office, lund.open(STATISTICS).case).applicant
    assert same_names.learner != first.learner
    earlier = show_case(lund.office, lund.open(STATISTICS, applicant=Applicant(learner=first.learner)).case)
    assert earlier.applicant.learner == first.learner
    found = worklist.read_lines(lund.registry.cursor(), WorklistQuery(learner=first.learner), today=today(), soon=14)
    assert len(found) == 3


@pytest.mark.parametrize("applicant", [Applicant(), Applicant(student="s18"), Applicant(learner=random_id())])
def test_an_application_says_whose_it_is(lund, applicant):
    with pytest.raises(NotApplicant):
        lund.open(STATISTICS, applicant=applicant)


def test_no_name_and_nothing_that_was_written_stands_anywhere_in_clear(lund):
    person = Applicant("Zwartkruis", "Eudoxia", "1999-12-24", "s99", None, "e@zwart.example", "Kruisweg 7", "nl")
    case = lund.open(lund.issue(), applicant=person, note="Zwartkruis telephoned").case
    lund.office.request_documents(case, ["identity"], "desk", text="Dear Eudoxia")
    lund.office.receive_documents(case, ["identity"], "desk")
    lund.office.complete(case, "desk")
    lund.office.propose(case, [full()], "k.berg", text="Well done, Eudoxia")
    lund.approve(case, "l.holm")
    lund.office.decide(case, "l.holm")
    stored = lund.everything()
    assert case.replace("-", "").encode() in stored.hex().encode()
    for said in ("Zwartkruis", "Eudoxia", "1999-12-24", "s99", "Kruisweg", "telephoned", "Well done"):
        assert said.encode() not in stored
    texts = [one.content for one in show_case(lund.office, case).written]
    assert "Dear Eudoxia" in texts


def test_of_an_erased_applicant_codes_and_days_are_left_and_the_case_can_only_be_ended(lund, tmp_path):
    case = lund.approved(lund.issue(), purpose="admission", note="a word about Ada")
    learner = show_case(lund.office, case).applicant.learner
    erase(lund.registry, BatchStore(lund.dsn, lund.registry.vault, tmp_path), learner)
    assert lund.registry.cursor().execute("SELECT FROM office.texts").fetchall() == []
    shown = show_case(lund.office, case)
    assert (shown.applicant, shown.written) == (None, [])
    assert [step.what for step in shown.history] == ["opened", "completed", "proposed", "approved"]
    with pytest.raises(ApplicantErased):
        lund.office.decide(case, "l.holm")
    with pytest.raises(UnknownCase, match="no decision yet"):
        collect_letter_facts(lund.office, case)
    lund.office.withdraw(case, "desk")
    assert lund.office.close(case, "desk").state == "closed"


def test_many_events_of_cases_hold_up_no_decision_behind_them(lund, monkeypatch):
    decided = lund.office.decide(lund.approved(lund.issue()), "l.holm").decision
    lund.publish()
    for _ in range(5):
        lund.office.complete(lund.open(STATISTICS).case, "desk")
    later = lund.office.decide(lund.approved(lund.issue()), "l.holm").decision
    for name in ("EVENTS_PER_COMMIT", "COMMITS_AT_ONCE"):
        monkeypatch.setattr(commit_builder, name, 2)
    lund.publish()
    assert [on_log(lund, one).state for one in (decided, later)] == ["inForce", "inForce"]


# The worklist


def test_the_worklist_has_the_most_urgent_first_and_tells_what_is_overdue(lund):
    credential = lund.issue()
    late, stopped, soon, fresh = (lund.office.open(
        Application(ADA, [SubmittedCredential(credential=CredentialRef("twente", credential))], "creditTransfer"),
        "desk", days_ago(200),
    ).case for _ in range(4))  # fmt: skip
    norwegian = lund.open(STATISTICS).case
    lund.office.complete(late, "desk", days_ago(150))
    lund.office.complete(stopped, "desk", days_ago(150))
    lund.office.request_documents(stopped, ["transcript"], "desk", days_ago(140))
    lund.office.complete(soon, "desk", days_ago(115))
    lund.office.complete(norwegian, "desk")
    cursor = lund.registry.cursor()

    def listed(**asked):
        return worklist.read_lines(cursor, WorklistQuery(**asked), today=today(), soon=14)

    found = {one.case: one for one in listed()}
    assert list(found)[:3] == [late, soon, norwegian]
    assert [found[case].urgency for case in (late, soon, norwegian, stopped, fresh)] == [
        "overdue", "dueSoon", "inTime", "stopped", "notStarted"
    ]  # fmt: skip
    assert found[norwegian].due <= today() + timedelta(days=31)
    assert [one.case for one in listed(overdue=True)] == [late]
    assert [one.case for one in listed(due_by=today() + timedelta(days=14))] == [late, soon]
    assert {one.case for one in listed(credential=("twente", credential))} == {late, stopped, soon, fresh}
    assert [one.case for one in listed(state="waiting")] == [stopped]
    counts = worklist.count_cases(cursor, today=today(), soon=14)
    assert (counts.overdue, counts.due_soon, counts.states["assessing"]) == (1, 1, 3)
    lund.office.receive_documents(stopped, ["transcript"], "desk")
    assert {one.case: one.urgency for one in listed()}[stopped] == "inTime"

    pages, after = [], None
    while page := worklist.read_lines(cursor, WorklistQuery(), today=today(), soon=14, after=after, limit=2):
        pages += [one.case for one in page]
        after = page[-1].place
    assert sorted(pages) == sorted(found)
    assert len(pages) == len(set(pages))


def test_a_case_is_found_by_its_file_number_which_is_used_once(lund):
    case = lund.open(STATISTICS, file_number="ANTR-17").case
    assert lund.office.identifier("ANTR-17") == case
    assert lund.office.identifier(case) == case
    with pytest.raises(FileNumberTaken, match="another case has the file number ANTR-17; choose another") as taken:
        lund.open(STATISTICS, file_number="ANTR-17")
    assert taken.value.path == "$.fileNumber"
    lund.open(STATISTICS, file_number=f"{today().year}/00002")
    numbers = [lund.open(STATISTICS).file_number for _ in range(2)]
    assert numbers == [f"{today().year}/00001", f"{today().year}/00003"]
    for nothing in ("ANTR-18", "", "\u0661", random_id()):
        with pytest.raises(UnknownCase):
            lund.office.identifier(nothing)


# Bad input


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_texts_wherever_they_stand(lund, text):
    made = lund.open(
        External(text, "NO", text),
        applicant=Applicant(text, text, "1999-05", text, None, text, text, text),
        file_number=text.replace("\u0085", "")[:60],
        note=text,
        towards=[Towards(title={"en": text})],
    )
    case = made.case
    lund.office.complete(case, "desk")
    lund.office.enquire(case, 0, text, text=text)
    lund.office.propose(case, [full(ects=None)], text, text=text)
    lund.office.return_(case, "l.holm", text=text)
    shown = show_case(lund.office, case)
    assert shown.applicant.family_name == normalise_name(text)
    assert shown.subjects[0].subject.external.title == text
    assert {one.content for one in shown.written if one.kind not in ("applicant", "file")} == {text}
    found = worklist.read_lines(lund.registry.cursor(), WorklistQuery(assessor=text), today=today(), soon=14)
    assert [one.case for one in found] == [case]


def test_days_to_come_the_same_credential_twice_and_files_that_are_none_are_refused(lund):
    credential = lund.issue()
    with pytest.raises(DateOrder, match="in the future"):
        lund.office.complete(lund.open(credential).case, "desk", today() + timedelta(days=1))
    with pytest.raises(UnknownSubject, match="named twice"):
        lund.open(credential, credential)
    with pytest.raises(UnknownSubject, match="name one of"):
        lund.open(SubmittedCredential(credential=CredentialRef("twente", credential), external=STATISTICS))
    for text in ("{}", "[", "[" * 5000, '{"credentialSubject": 3}', '{"credentialSubject": {}}', "x" * 1_600_000):
        with pytest.raises(NoCredential):
            lund.open(SubmittedCredential(file=text))


def test_a_case_is_opened_from_a_credentials_file_and_takes_it_for_unproved(lund, pytestconfig):
    sample = pytestconfig.rootpath / "registry" / "intake" / "samples" / "microcredential.jsonld"
    asked = SubmittedCredential(file=sample.read_text(), country="NL")
    moved = lund.office.open(Application(Applicant(), [asked], "admission"), "desk")
    shown = show_case(lund.office, moved.case)
    assert shown.subjects[0].subject.evidence == "other"
    assert shown.subjects[0].subject.external.issuer_name == "University of Twente (demonstration)"
    assert shown.applicant.family_name
    assert any("not proved by it" in warning for warning in moved.warnings)
    with pytest.raises(NoCredential, match="does not say country"):
        lund.open(SubmittedCredential(file=sample.read_text()))


# What stops a proposal


def test_a_case_of_two_credentials_is_decided_on_both_or_says_which_it_leaves_and_why(lund):
    first, second = lund.issue(), lund.issue()
    case = lund.open(first, second).case
    lund.office.complete(case, "desk")
    with pytest.raises(NotCovered, match="nothing is proposed on credential 0"):
        lund.office.propose(case, [full(1)], "k.berg")
    lund.office.propose(case, [full(1)], "k.berg", leave=[Leave(0, "It was sent for information only.")])
    lund.approve(case, "l.holm")
    moved = lund.office.decide(case, "l.holm")
    lund.publish()
    content = on_log(lund, moved.decision).content
    assert [base["credential"]["credential"] for base in content["basis"]] == [second]
    assert [one["from"] for one in content["grants"]] == [[0]]
    [left] = collect_letter_facts(lund.office, case).left
    assert (left.subject, left.reason) == (0, "It was sent for information only.")


def test_what_became_revoked_between_the_proposal_and_its_approval_is_not_approved(lund):
    credential = lund.issue()
    case = lund.open(credential).case
    lund.office.complete(case, "desk")
    lund.office.propose(case, [full()], "k.berg")
    lund.put(lund.twente.revoke(credential))
    lund.project()
    with pytest.raises(Stopped, match="since it was proposed, this came up"):
        lund.approve(case, "l.holm", accept_override=True)
    assert show_case(lund.office, case).case.state == "proposed"


def test_a_suggested_difference_is_named_answered_or_overridden_before_anything_is_recognised(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    draft = draft_assessment(lund.registry.case(case), lund.lookup(), Requirement(ects=7.5))

    def assess(**changes):
        elements = [
            msgspec.structs.replace(one, **changes) if one.name == "workload" else one
            for one in draft.assessed[0].elements
        ]
        whole = msgspec.structs.replace(
            draft,
            assessed=[msgspec.structs.replace(draft.assessed[0], elements=elements)],
            proposed=[ProposedGrant(full())],
        )
        return lund.office.assess(case, whole, "k.berg")

    assert "credential 0, workload: substantiallyLess is worth a look" in assess().warnings[0]
    with pytest.raises(Stopped, match="substantiallyLess is worth a look"):
        lund.office.propose(case, [], "k.berg")
    assess(suggested=[])  # an emptied list is filled again: the office compares, not the file
    with pytest.raises(Stopped, match="substantiallyLess"):
        lund.office.propose(case, [], "k.berg")
    assert assess(no_difference="The missing hours were a holiday.").warnings == []
    lund.office.propose(case, [], "k.berg")
    lund.office.return_(case, "k.berg")
    assess()
    lund.office.propose(case, [], "k.berg", override="The board decided so.")
    assert show_case(lund.office, case).override.against == ["substantiallyLess:0"]


def test_without_an_assessment_what_counts_towards_an_own_profile_is_compared_all_the_same(lund):
    lund.registry.store_rows(ProfileRow("Master of Urban Analytics", Requirement(eqf_level=7), "k.berg"))
    case = lund.open(lund.issue(), towards=[Towards(title={"en": "master of urban analytics"})]).case
    lund.office.complete(case, "desk")
    with pytest.raises(Stopped, match="lowerLevel is worth a look"):
        lund.office.propose(case, [full()], "k.berg")


@pytest.mark.parametrize(("documented", "code"), [(False, "withoutDocuments"), (True, "noDocumentsRequested")])
def test_nobody_is_refused_for_documents_that_cannot_be_had_or_were_never_asked_for(lund, documented, code):
    case = lund.open(SubmittedCredential(external=STATISTICS, documented=documented)).case
    lund.office.complete(case, "desk")
    draft = draft_assessment(lund.registry.case(case), lund.lookup(), Requirement())
    refused = grant("refused", "formal:documentsIncomplete")
    lund.office.assess(case, msgspec.structs.replace(draft, proposed=[proposed(refused)]), "k.berg")
    with pytest.raises(Stopped, match=r"lack of documents"):
        lund.office.propose(case, [], "k.berg")
    lund.office.propose(case, [], "k.berg", override="The applicant refused the interview twice.")
    assert show_case(lund.office, case).override.against == [f"{code}:0"]


def test_a_refusal_for_documents_that_were_asked_for_is_proposed(lund):
    case = lund.open(STATISTICS).case
    lund.office.request_documents(case, ["transcript"], "desk")
    lund.office.receive_documents(case, ["transcript"], "desk")
    lund.office.complete(case, "desk")
    draft = draft_assessment(lund.registry.case(case), lund.lookup(), Requirement())
    refused = grant("refused", "formal:documentsIncomplete")
    lund.office.assess(case, msgspec.structs.replace(draft, proposed=[proposed(refused)]), "k.berg")
    assert lund.office.propose(case, [], "k.berg").state == "proposed"


def test_an_assessment_made_before_the_case_was_corrected_is_made_again(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    lund.office.assess(case, assessment(ProposedGrant(full())), "k.berg")
    lund.office.correct(case, Correction(add=[SubmittedCredential(external=STATISTICS)]), "desk")
    with pytest.raises(AssessmentObjections, match="corrected after it was assessed"):
        lund.office.propose(case, [full(0, 1)], "k.berg")


def test_another_persons_credential_stops_the_proposal_until_it_is_overridden_or_corrected(lund, pytestconfig):
    sample = pytestconfig.rootpath / "registry" / "intake" / "samples" / "openbadge.json"
    case = lund.open(SubmittedCredential(file=sample.read_text(), country="PT")).case
    lund.office.complete(case, "desk")
    with pytest.raises(Stopped, match="names another person than the applicant"):
        lund.office.propose(case, [full(ects=None)], "k.berg")
    silva = Applicant(family_name="Silva", given_name="Duarte", date_of_birth="2001-09-30")
    lund.office.correct(case, Correction(applicant=silva), "desk")
    assert show_case(lund.office, case).history[-1].data["applicant"] == ["dateOfBirth", "familyName", "givenName"]
    assert lund.office.propose(case, [full(ects=None)], "k.berg").state == "proposed"
    assert show_case(lund.office, case).applicant.family_name == "Silva"


def test_what_an_uploaded_document_states_is_compared_with_its_source(lund, pytestconfig):
    sample = pytestconfig.rootpath / "registry" / "intake" / "samples" / "openbadge.json"
    case = lund.open(SubmittedCredential(file=sample.read_text(), country="PT")).case
    [one] = draft_of(lund.office, case, None).assessed
    assert (one.offered.ects, one.offered.eqf_level, one.offered.supervision) == (2.5, 6, "onsite")
    assert one.offered.assessments == ["testing"]
    workload = next(each for each in one.elements if each.name == "workload")
    assert workload.original == "2.5 ECTS (stated in the uploaded Open Badges 3.0, not verified)"


def test_a_case_is_compared_with_the_profile_of_the_programme_that_it_names(lund):
    requirement = Requirement(eqf_level=6, ects=60, language=["sv"])
    lund.registry.store_rows(ProfileRow("Magister i stadsanalys", requirement, "k.berg"))
    case = lund.open(lund.issue(), towards=[Towards(title={"en": "Magister i stadsanalys"})]).case
    for against in (None, "MAGISTER I STADSANALYS"):
        [one] = draft_of(lund.office, case, against).assessed
        assert one.requirement.ects == 60
        suggested = {each.name: [found.difference for found in each.suggested] for each in one.elements}
        assert suggested["workload"] == ["substantiallyLess"]
        assert suggested["profile"] == ["entryRequirementMissing"]
    with pytest.raises(UnknownProfile, match="there is no profile 'Nothing'"):
        draft_of(lund.office, case, "Nothing")


def test_an_amended_decision_says_what_it_changes(lund):
    case = lund.approved(lund.issue(), grants=[grant("partial", "workload:substantiallyLess", ects=3)])
    lund.office.decide(case, "l.holm")
    lund.office.propose(case, [full()], "m.lind")
    lund.approve(case, "l.holm")
    warnings = lund.office.amend(case, "l.holm").warnings
    assert "grant 0, outcome: before: Recognised in part; now: Recognised in full" in warnings
    assert "grant 0, ects: before: 3 ECTS; now: 5 ECTS" in warnings
    facts = collect_letter_facts(lund.office, case)
    assert facts.before.grants[0].outcome == "partial"
    first = facts.before.decision
    assert collect_letter_facts(lund.office, case, first).ended.superseded_by == facts.data.decision


def test_a_credential_that_was_removed_is_no_basis_and_its_case_is_found_by_it_no_more(lund):
    first, second = lund.issue(), lund.issue()
    case = lund.open(first, second).case
    lund.office.complete(case, "desk")
    with pytest.raises(UnknownSubject, match="is about this credential already"):
        lund.office.correct(
            case, Correction(add=[SubmittedCredential(credential=CredentialRef("twente", second))]), "desk"
        )
    lund.office.correct(case, Correction(remove=[0], purpose="admission", note="Sent by mistake."), "desk")
    rows = lund.registry.cursor().execute("SELECT credential::text FROM office.subjects").fetchall()
    assert [row["credential"] for row in rows] == [second]
    lund.office.propose(case, [full(1)], "k.berg")
    lund.approve(case, "l.holm")
    moved = lund.office.decide(case, "l.holm")
    lund.publish()
    content = on_log(lund, moved.decision).content
    assert (len(content["basis"]), content["grants"][0]["from"], content["purpose"]) == (1, [0], "admission")
    assert collect_letter_facts(lund.office, case).numbers == [1]


def test_a_proposal_says_that_nothing_was_assessed(lund):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    assert any("nothing was assessed" in one for one in lund.office.propose(case, [full()], "k.berg").warnings)
