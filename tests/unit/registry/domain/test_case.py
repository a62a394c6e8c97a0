"""A case moves as its rules say, and says which rule a move would break."""

import dataclasses

import msgspec
import pytest

from registry.domain import case_events as events
from registry.domain.case import ALLOWED_STATES, Case
from registry.domain.case_errors import AppealOpen, DateOrder, NotCovered, ProposalChanged, SecondPerson, UnknownSubject
from registry.domain.case_events import Decided, KnownStatus, Opened, Subject
from registry.domain.errors import Duplicate, IllegalTransition
from registry.store.recorder import EventMapper
from registry.store.translation import EVENTS, EventRow, Translator
from registry.vault.vault import random_id
from registry.wire.forms import CredentialRef
from registry.wire.recognition import External, Grant

DAY = "2026-03-01"
GRANTS = [Grant([0, 1], "full", "recognised", "none", ects=5)]


def proposed(by="k.berg", on=DAY, grants=None, **more):
    return events.Proposed(grants or GRANTS, on, by, **more)


def opened(**more):
    subjects = [
        Subject("onLog", CredentialRef("twente", random_id())),
        Subject("paper", external=External("Oslo Met", "NO", "Statistics")),
    ]
    values = {
        "case": random_id(), "file_number": "2026/00001", "learner": random_id(), "purpose": "creditTransfer",
        "effect": "binding", "subjects": subjects, "on": DAY, "by": "desk",
    }  # fmt: skip
    return Case.open(Opened(**(values | more)))


def decided(supersedes=None, day=DAY, until="2026-04-12"):
    return Decided(random_id(), [KnownStatus(0, "active", [], 7)], day, "l.holm", until, supersedes)


def at(state):
    """A case in that state."""
    case = opened()
    if state == "collecting":
        return case
    if state == "withdrawn":
        case.withdraw(DAY, "desk")
        return case
    case.complete("P4M", DAY, "desk")
    if state == "waiting":
        case.request_documents(["transcript"], DAY, "desk")
    if state in ("waiting", "assessing"):
        return case
    case.propose(proposed())
    if state == "proposed":
        return case
    case.approve(DAY, "l.holm", proposal=case.proposal_id or "")
    if state == "approved":
        return case
    case.decide(decided(until=None if state == "closed" else "2026-04-12"))
    if state == "appealed":
        case.appeal(DAY, "desk")
    if state == "closed":
        case.close(DAY, "desk")
    return case


def act(case, name):
    stands = case.decision.decision if case.decision else random_id()
    {
        "request documents": lambda: case.request_documents(["identity"], DAY, "desk"),
        "receive documents": lambda: case.receive_documents(["transcript"], DAY, "desk"),
        "complete": lambda: case.complete("P4M", DAY, "desk"),
        "enquire": lambda: case.enquire(random_id(), 0, DAY, "desk"),
        "answer": lambda: case.answer(next(iter(case.enquiries)), "authentic", DAY, "desk"),
        "assess": lambda: case.assess(random_id(), DAY, "k.berg"),
        "propose": lambda: case.propose(proposed()),
        "approve": lambda: case.approve(DAY, "l.holm", proposal=case.proposal_id or ""),
        "return": lambda: case.return_(DAY, "l.holm"),
        "decide": lambda: case.decide(decided()),
        "amend": lambda: case.decide(decided(supersedes=stands)),
        "appeal": lambda: case.appeal(DAY, "desk"),
        "withdraw": lambda: case.withdraw(DAY, "desk", "onAppeal" if case.decision else None),
        "close": lambda: case.close("2026-12-31", "desk"),
        "correct": lambda: case.correct(events.Corrected(DAY, "desk", purpose="admission")),
    }[name]()


STATES = ["collecting", "waiting", "assessing", "proposed", "approved", "decided", "appealed", "withdrawn", "closed"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", [name for name in ALLOWED_STATES if name not in ("answer", "amend")])
def test_every_action_is_done_in_the_states_that_allow_it_and_refused_in_all_others(state, name):
    case = at(state)
    assert case.state == state
    if state in ALLOWED_STATES[name]:
        before = case.version
        act(case, name)
        assert case.version == before + 1
    else:
        with pytest.raises(IllegalTransition, match=f"{name}: only when the case is"):
            act(case, name)


def test_whoever_proposed_does_not_approve_unless_the_office_lets_one_person_do_all():
    case = at("proposed")
    with pytest.raises(SecondPerson, match=r"k\.berg made the proposal"):
        case.approve(DAY, "k.berg", proposal=case.proposal_id)
    case.approve(DAY, "k.berg", proposal=case.proposal_id, person_of=None)
    assert (case.state, case.approval.by) == ("approved", "k.berg")


def test_the_clock_stands_from_the_request_until_the_last_document_has_come():
    case = at("assessing")
    case.request_documents(["transcript"], "2026-03-10", "desk")
    case.request_documents(["identity"], "2026-03-12", "desk")
    case.receive_documents(["transcript"], "2026-03-15", "desk")
    assert (case.state, case.outstanding, case.stops) == ("waiting", ["identity"], [("2026-03-10", None)])
    with pytest.raises(UnknownSubject, match="identity is what this case waits for"):
        case.receive_documents(["transcript"], "2026-03-16", "desk")
    with pytest.raises(Duplicate, match="identity: asked for already"):
        case.request_documents(["identity"], "2026-03-16", "desk")
    case.receive_documents(["identity"], "2026-03-20", "desk")
    assert (case.state, case.stops) == ("assessing", [("2026-03-10", "2026-03-20")])


def test_documents_that_are_asked_for_before_the_file_is_complete_stop_no_clock():
    case = opened()
    case.request_documents(["transcript"], DAY, "desk")
    case.receive_documents(["transcript"], "2026-03-20", "desk")
    case.complete("P4M", "2026-03-20", "desk")
    assert case.stops == []


def test_an_enquiry_is_answered_once_and_the_last_answer_about_a_credential_counts():
    case = at("assessing")
    first, second = random_id(), random_id()
    case.enquire(first, 0, DAY, "desk")
    assert case.enquiries[first].issuer == "twente"
    case.answer(first, "notAuthentic", DAY, "desk")
    assert case.is_denied(0)
    assert not case.is_denied(1)
    with pytest.raises(Duplicate, match="was answered: notAuthentic"):
        case.answer(first, "authentic", DAY, "desk")
    case.enquire(second, 0, DAY, "desk")
    case.answer(second, "authentic", DAY, "desk")
    assert not case.is_denied(0)
    with pytest.raises(UnknownSubject, match="the case has no credential 2; it is about 0, 1"):
        case.enquire(random_id(), 2, DAY, "desk")
    with pytest.raises(UnknownSubject, match="no enquiry"):
        case.answer(random_id(), "authentic", DAY, "desk")


def test_what_is_returned_on_appeal_waits_for_the_appeal_again():
    case = at("appealed")
    case.propose(proposed("m.lind"))
    case.return_(DAY, "l.holm")
    assert case.state == "appealed"
    case.propose(proposed("m.lind"))
    case.approve(DAY, "l.holm", proposal=case.proposal_id or "")
    first = case.decision.decision
    with pytest.raises(IllegalTransition, match=f"decision {first} is in force: amend it"):
        case.decide(decided())
    case.decide(decided(supersedes=first))
    assert (case.state, len(case.decisions)) == ("decided", 2)
    case.propose(proposed("m.lind"))  # corrected without an appeal
    case.return_(DAY, "l.holm")
    assert case.state == "decided"


def test_a_file_is_not_closed_while_an_appeal_may_be_lodged():
    case = at("decided")
    with pytest.raises(AppealOpen, match="until 2026-04-12"):
        case.close("2026-04-12", "desk")
    case.close("2026-04-13", "desk")
    assert case.state == "closed"


def test_what_is_withdrawn_is_the_application_or_for_a_reason_the_decision():
    with pytest.raises(IllegalTransition, match="nothing is decided yet"):
        at("assessing").withdraw(DAY, "desk", "decidedInError")
    case = at("decided")
    with pytest.raises(IllegalTransition, match="for which reason"):
        case.withdraw(DAY, "desk")
    case.withdraw(DAY, "desk", "decidedInError")
    assert case.withdrawal.decision == case.decision.decision


def test_days_do_not_run_backwards():
    with pytest.raises(DateOrder, match="2026-02-28 is before 2026-03-01"):
        at("assessing").propose(proposed(on="2026-02-28"))


def test_a_case_read_again_from_its_stored_events_is_the_same_and_none_of_them_is_published():
    case = at("appealed")
    case.enquire(random_id(), 1, DAY, "desk")
    mapper, translator = EventMapper(), Translator("test.example/lund")
    stored = [mapper.to_stored_event(event) for event in case.collect_events()]
    assert {translator.write_line(EventRow(str(one.originator_id), one.originator_version, one.topic, one.state))
            for one in stored} == {None}  # fmt: skip
    again = None
    for one in stored:
        again = mapper.to_domain_event(one).mutate(again)
    kept = ("state", "proposal", "approval", "decisions", "appeals", "enquiries", "completed", "latest", "stops")
    assert {name: getattr(again, name) for name in kept} == {name: getattr(case, name) for name in kept}


def test_an_approval_names_the_proposal_that_the_case_has():
    case = at("proposed")
    with pytest.raises(ProposalChanged, match="you name 00000000"):
        case.approve(DAY, "l.holm", proposal="00000000")
    case.approve(DAY, "l.holm", proposal=case.proposal_id)
    assert (case.state, case.approval.proposal) == ("approved", case.proposal_id)


def test_an_event_has_room_for_codes_ids_and_days_and_for_nobodys_name():
    """What a case's event can hold is listed here: a new field is thought about before it is stored for ever."""
    free = {"subjects", "towards", "grants", "seen", "added", "left"}  # of the published language, or looked at below
    known = {
        "case", "fileNumber", "learner", "purpose", "effect", "on", "by", "documents", "text", "term", "enquiry",
        "subject", "issuer", "answer", "decision", "appealUntil", "supersedes", "despite", "reason",
        "assessment", "override", "overridden", "removed", "proposal",
    }  # fmt: skip
    topics = [topic for topic in EVENTS if topic.startswith("registry.case.")]
    assert len(topics) == 16
    for topic in topics:
        names = {field.encode_name for field in msgspec.structs.fields(EVENTS[topic].DATA)}
        names -= {"applicant"}  # the names of what was corrected, not the values
        assert names <= known | free, topic
    assert {f.encode_name for f in msgspec.structs.fields(events.Subject)} == {
        "evidence", "credential", "achievement", "external", "documented"
    }  # fmt: skip


def test_a_proposal_covers_every_credential_or_leaves_it_out_with_a_reason():
    first = [Grant([0], "full", "recognised", "none")]
    with pytest.raises(NotCovered, match="nothing is proposed on credential 1 "):
        at("assessing").propose(proposed(grants=first))
    case = at("assessing")
    case.propose(proposed(grants=first, left=[events.LeftOut(1, random_id())]))
    assert case.state == "proposed"
    for wrong in ([events.LeftOut(0, random_id())], [events.LeftOut(2, random_id())],
                  [events.LeftOut(1, random_id())] * 2):  # fmt: skip
        with pytest.raises(UnknownSubject):
            at("assessing").propose(proposed(grants=first, left=wrong))
    with pytest.raises(UnknownSubject, match="there is no credential 7; the case has 2"):
        at("assessing").propose(proposed(grants=[Grant([7], "full", "recognised", "none")]))


def test_a_correction_changes_the_file_and_keeps_the_numbers_of_the_credentials():
    case = at("assessing")
    more = Subject("paper", external=External("Uni Bergen", "NO", "Physics"))
    case.correct(events.Corrected(DAY, "desk", purpose="admission", added=[more], removed=[0]))
    assert (case.data.purpose, len(case.subjects), case.removed) == ("admission", 3, {0})
    with pytest.raises(UnknownSubject, match="credential 0 was removed"):
        case.propose(proposed(grants=[Grant([0, 1, 2], "full", "recognised", "none")]))
    case.propose(proposed(grants=[Grant([1, 2], "full", "recognised", "none")]))
    with pytest.raises(IllegalTransition):
        case.correct(events.Corrected(DAY, "desk", purpose="stacking"))
    case.return_(DAY, "k.berg")
    with pytest.raises(UnknownSubject, match="at least one credential"):
        case.correct(events.Corrected(DAY, "desk", removed=[1, 2]))
    with pytest.raises(IllegalTransition, match="nothing would change"):
        case.correct(events.Corrected(DAY, "desk"))


def test_a_decision_that_an_earlier_version_stored_is_still_read():
    mapper = EventMapper()
    [*_, stored] = [mapper.to_stored_event(event) for event in at("decided").collect_events()]
    before = stored.state.replace(b'"decision":', b'"despite":true,"decision":')
    again = mapper.to_domain_event(dataclasses.replace(stored, state=before))
    assert again.data.despite is True
