"""What is looked at when a decision is proposed, approved and made: what stops it, and what its persons should know."""

from collections.abc import Container, Iterable, Sequence
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections, Stopped, UnknownSubject
from registry.domain.case_events import Index, Proposed
from registry.letters.changing import changes_between
from registry.letters.wording import Wording, wording
from registry.office.assessments.assessing import as_known, check_assessment
from registry.office.assessments.assessment import Assessment, named_grounds
from registry.office.assessments.comparing import Element, compare, unanswered
from registry.office.assessments.drafting import offered_of
from registry.office.assessments.facts import Facts
from registry.office.assessments.offered import Requirement
from registry.office.assessments.precedents import foreign_notes
from registry.office.assessments.requirements import programme_notes, requirement_of_grant
from registry.office.cases import deciding, holder
from registry.office.cases.deciding import Facts as Known
from registry.office.cases.earlier import earlier_decisions
from registry.office.cases.stated import stated_by_documents
from registry.office.cases.stops import Stop, stops_of
from registry.office.ports import Known as Port
from registry.wire.forms import Text
from registry.wire.recognition import Grant, RecognitionDecided, Towards

Reason = Annotated[str, Meta(min_length=1, max_length=2_000)]


class Leave(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A credential that a proposal does not decide about."""

    subject: Index
    """Its number in the case, from 0."""
    reason: Reason
    """Why; the letter prints it."""


class Desk(Protocol):
    """What of the office is needed here."""

    registry: Registry
    known: Port
    offers: Facts

    def facts(self, case: Case) -> Known:
        """Return what the views know of a case's credentials."""
        ...

    def assessment(self, case: Case, text: str) -> Assessment:
        """Return an assessment of a case by the id of its sealed text."""
        ...


def check_current(case: Case, assessment: Assessment) -> None:
    """Check that an assessment still fits its case. Raises `AssessmentObjections` where it was corrected since."""
    try:
        check_assessment(case, assessment)
    except UnknownSubject as error:
        raise AssessmentObjections(
            f"the case was corrected after it was assessed: {error.detail}. Assess it again", "$.grants"
        ) from error


def find_stops(desk: Desk, case: Case, proposal: Proposed) -> list[Stop]:
    """Return what speaks against a proposal now. This is the one place where a proposal is looked at again."""
    now = deciding.seen(case, desk.facts(case))
    holders = holder.check_holders(desk.registry, case)
    text = proposal.assessment or (case.assessments[-1].text if case.assessments else None)
    if text is not None:
        assessment = as_known(desk.assessment(case, text), case, desk.offers)
        compared: dict[int, list[Element]] = {
            number: one.elements for number, one in enumerate(assessment.assessed) if number not in case.removed
        }
    else:
        compared = _compared(desk, case, proposal.grants)
    return stops_of(case, proposal.grants, now, holders, compared, earlier_decisions(desk.registry, case))


def _compared(desk: Desk, case: Case, grants: Sequence[Grant]) -> dict[int, list[Element]]:
    """Compare what is recognised without an assessment, where the office says what it requires."""
    found = {}
    stated = stated_by_documents(desk.registry, case)
    for grant in grants:
        requirement = requirement_of_grant(desk.registry, case, grant)
        if requirement is not None and grant.outcome != "refused":
            for number in grant.from_:
                found[number] = compare(offered_of(case, number, desk.offers, stated.get(number)), requirement)
    return found


def stopped(stops: Sequence[Stop]) -> Stopped:
    """Return the refusal of a proposal that something speaks against."""
    return Stopped(
        f"{_sentence(stops)}. Change the proposal, or say why you propose it all the same (--override REASON,"
        " `override` over HTTP); the person who approves reads and accepts it",
        "$.override",
    )


def changed(stops: Sequence[Stop], since: str) -> Stopped:
    """Return the refusal where something came up that nobody overrode."""
    return Stopped(
        f"{since}, this came up: {_sentence(stops)}. Return the proposal (`return`), and propose again", "$.case"
    )


def not_accepted(stops: Sequence[Stop], by: str) -> Stopped:
    """Return the refusal of an approval by somebody who does not say that they accept the override."""
    against = f"{_sentence(stops)}; " if stops else ""
    return Stopped(
        f"{against}{by} proposes it all the same. Read the reason in the case (`registry case show`), and accept it"
        " (--accept-override, `acceptOverride` over HTTP), or return the proposal",
        "$.acceptOverride",
    )


def notes(
    desk: Desk,
    case: Case,
    grants: Sequence[Grant],
    data: RecognitionDecided | None,
    assessment: Assessment | None,
    details: Iterable[str],
) -> list[str]:
    """Return what those who propose and approve should know, each once."""
    found = list(details)
    concerned = {number for grant in grants for number in grant.from_}
    checks = [one for one in holder.check_holders(desk.registry, case) if one.subject in concerned]
    found += holder.reminders(checks)
    found += enquiry_notes(case, concerned)
    facts = desk.facts(case)
    for number in sorted(concerned):
        subject = case.subjects[number]
        resting = [grant for grant in grants if number in grant.from_]
        if subject.external is not None:
            found += foreign_notes(desk.known, number, subject.external, case.data.purpose, resting)
        key = None if subject.credential is None else (subject.credential.member, subject.credential.credential)
        known = facts.get(key) if key is not None else None
        achievement = known.achievement if known is not None else subject.achievement
        if achievement is not None:
            own = [_with_own_grounds(grant, number, assessment) for grant in resting]
            departures = desk.known.departures(achievement, case.data.purpose, own)
            found += [f"{deciding.named(case, number)}: {sentence}" for sentence in departures]
    if data is not None and assessment is None:
        found.append(NOT_ASSESSED)
    if data is not None and not _compared_with_something(assessment):
        named = [grant.towards for grant in grants if grant.towards is not None] or case.data.towards or []
        found += programme_notes(desk.registry, named)
    return list(dict.fromkeys(found))


def _compared_with_something(assessment: Assessment | None) -> bool:
    """Whether an assessment compared its credentials with what somebody requires."""
    required = [] if assessment is None else [one.requirement for one in assessment.assessed]
    return any(msgspec.structs.replace(one, towards=None) != Requirement() for one in required)


def _with_own_grounds(grant: Grant, number: int, assessment: Assessment | None) -> Grant:
    """Return a grant with the grounds of one credential alone, where the assessment names them for each.

    A grant on several credentials names the grounds of all; each is held against its own precedents.
    """
    if assessment is None or number >= len(assessment.assessed) or len(grant.from_) == 1:
        return grant
    own = {(one.aspect, one.difference) for one in named_grounds(assessment.assessed[number].elements)}
    grounds = [one for one in grant.grounds or () if one.aspect == "formal" or (one.aspect, one.difference) in own]
    return msgspec.structs.replace(grant, grounds=grounds)


NOT_ASSESSED: Final = (
    "nothing was assessed: the letter says *not assessed* for each element that no ground names; a case's assessment"
    " (`registry case assess`) says more"
)


def enquiry_notes(case: Case, concerned: Container[int]) -> list[str]:
    """Return in sentences which of these credentials their issuers were asked about without a clear answer."""
    found = []
    for one in case.enquiries.values():
        if one.subject not in concerned:
            continue
        what, answer = deciding.named(case, one.subject), case.answers.get(one.enquiry)
        if answer is None:
            found.append(
                f"the issuer of {what} was asked on {one.on} whether it is authentic, and has not answered (enquiry"
                f" {one.enquiry})"
            )
        elif answer.answer in ("notKnown", "noAnswer") and case.said(one.subject) == answer.answer:
            unclear = "does not know" if answer.answer == "notKnown" else "did not say"
            found.append(f"the issuer of {what} {unclear} whether it is authentic (asked on {one.on})")
    return found


def changes(before: RecognitionDecided, after: RecognitionDecided) -> list[str]:
    """Return in sentences what an amended decision changes."""

    def name(towards: Towards) -> Text:
        return towards.title or {"en": f"{towards.member}/{towards.achievement}"}

    say = wording("en")
    found = changes_between(before, after, say, name, str)
    return [
        f"grant {one.grant}, {one.part}: "
        + say("change.item", before=_joined(one.before, say), after=_joined(one.after, say))
        for one in found
    ] or ["the amended decision grants the same as before"]


def _joined(texts: Sequence[Text], say: Wording) -> str:
    return "; ".join(say.pick(text)[0] for text in texts) or say("change.nothing")


def open_suggestions(assessment: Assessment) -> list[str]:
    """Return what an assessment still has to answer before full recognition can be proposed, in sentences."""
    return [
        f"credential {number}, {element.name}: {one.difference} is worth a look ({one.because}); name it, or say in"
        " `noDifference` why it is not substantial"
        for number, each in enumerate(assessment.assessed)
        for element in each.elements
        for one in unanswered(element)
    ]


def _sentence(stops: Sequence[Stop]) -> str:
    return "; ".join(dict.fromkeys(one.detail for one in stops))
