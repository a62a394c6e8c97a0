"""Messages to the persons who propose, approve and decide: refusals because of stops, and notes."""

from collections.abc import Container, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from registry.domain.case import Case
from registry.domain.case_errors import Stopped
from registry.domain.case_events import Index, Proposed
from registry.letters.changing import changes_between
from registry.letters.wording import Wording, wording
from registry.office.assessments.assessment import Assessment, named_grounds
from registry.office.assessments.compared_with import is_compared
from registry.office.assessments.comparison import unanswered_suggestions
from registry.office.assessments.precedents import foreign_notes
from registry.office.assessments.requirements import programme_notes
from registry.office.cases import holder
from registry.office.cases.decision import subject_in_words
from registry.office.cases.earlier_decisions import decided_for_others
from registry.office.cases.programmes import programme_notes_of_grants
from registry.office.cases.repeated_learning import repeated_notes
from registry.office.cases.review import CaseReader, Review
from registry.office.cases.stops import Stop
from registry.wire.forms import Text
from registry.wire.recognition import Grant, RecognitionDecided, Towards

Reason = Annotated[str, Meta(min_length=1, max_length=2_000)]


class Leave(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A credential that a proposal does not decide about."""

    subject: Index
    """The number in the case, from 0."""
    reason: Reason
    """The reason, which the letter prints."""


def stopped_error(stops: Sequence[Stop]) -> Stopped:
    """Return the refusal of a proposal that something speaks against."""
    return Stopped(
        "",
        [stop.detail for stop in stops],
        "Change the proposal, or say why you propose it all the same; the person who approves reads and accepts it",
        "$.override",
    )


def new_stops_error(stops: Sequence[Stop], since: str) -> Stopped:
    """Return the refusal where something came up that nobody overrode."""
    return Stopped(
        f"{since}, this came up:",
        [stop.detail for stop in stops],
        "Return the proposal, and propose again",
        "$.case",
    )


def override_not_accepted_error(stops: Sequence[Stop], by: str) -> Stopped:
    """Return the refusal of an approval by somebody who does not say that they accept the override."""
    return Stopped(
        "",
        [*(stop.detail for stop in stops), f"{by} proposes it all the same"],
        "Read the reason in the case, and accept it, or return the proposal",
        "$.acceptOverride",
    )


def list_notes(office: CaseReader, case: Case, proposal: Proposed, reviewed: Review) -> list[str]:
    """Return what those who propose and approve should know, each once."""
    grants, assessment = proposal.grants, reviewed.assessment
    notes = [each.detail for each in reviewed.stops]
    concerned = {number for grant in grants for number in grant.from_}
    checks = [each for each in holder.check_holders(office.registry, case) if each.subject in concerned]
    notes += holder.reminders(checks)
    notes += list_enquiry_notes(case, concerned)
    notes += [
        f"{subject_in_words(case, each.subject)}: {each.sentence}"
        for each in decided_for_others(office.registry, case)
        if each.subject in concerned
    ]
    notes += repeated_notes(case, office.facts(case))
    facts = office.facts(case)
    for number in sorted(concerned):
        subject = case.subjects[number]
        resting = [grant for grant in grants if number in grant.from_]
        if subject.external is not None:
            notes += foreign_notes(office.lookup, number, subject.external, case.data.purpose, resting)
        key = None if subject.credential is None else (subject.credential.member, subject.credential.credential)
        credential = facts.get(key) if key is not None else None
        achievement = credential.achievement if credential is not None else subject.achievement
        if achievement is not None:
            own = [_with_own_grounds(grant, number, assessment) for grant in resting]
            departures = office.lookup.find_departures(achievement, case.data.purpose, own)
            notes += [f"{subject_in_words(case, number)}: {sentence}" for sentence in departures]
    if assessment is None:
        notes.append(NOT_ASSESSED)
    elif not is_compared(assessment):
        notes.append(NOTHING_COMPARED if case.data.towards else NO_PROGRAMME)
    notes += programme_notes_of_grants(office.registry, case, grants)
    if assessment is None or not is_compared(assessment):
        towards = [grant.towards for grant in grants if grant.towards is not None] or case.data.towards or []
        notes += programme_notes(office.registry, towards)
    return list(dict.fromkeys(notes))


def _with_own_grounds(grant: Grant, number: int, assessment: Assessment | None) -> Grant:
    """Return a grant with the grounds of one credential alone, where the assessment names them for each.

    A grant on several credentials names the grounds of all; each is compared with its own precedents.
    """
    if assessment is None or number >= len(assessment.assessed) or len(grant.from_) == 1:
        return grant
    own = {(ground.aspect, ground.difference) for ground in named_grounds(assessment.assessed[number].elements)}
    grounds = [
        ground
        for ground in grant.grounds or ()
        if ground.aspect == "formal" or (ground.aspect, ground.difference) in own
    ]
    return msgspec.structs.replace(grant, grounds=grounds)


NOT_ASSESSED: Final = (
    "nothing was assessed: the letter says *not assessed* for each element that no ground names; a case's assessment"
    " says more"
)


NOTHING_COMPARED: Final = "nothing to compare with: this programme has no profile, so the case was not assessed"
NO_PROGRAMME: Final = "nothing to compare with: the case names no programme, so it was not assessed"


def list_enquiry_notes(case: Case, concerned: Container[int]) -> list[str]:
    """Return in sentences which of these credentials their issuers were asked about without a clear answer."""
    notes = []
    for enquiry in case.enquiries.values():
        if enquiry.subject not in concerned:
            continue
        what, answer = subject_in_words(case, enquiry.subject), case.answers.get(enquiry.enquiry)
        if answer is None:
            notes.append(
                f"the issuer of {what} was asked on {enquiry.on} whether it is authentic, and has not answered (enquiry"
                f" {enquiry.enquiry})"
            )
        elif answer.answer in ("notKnown", "noAnswer") and case.last_answer(enquiry.subject) == answer.answer:
            unclear = "does not know" if answer.answer == "notKnown" else "did not say"
            notes.append(f"the issuer of {what} {unclear} whether it is authentic (asked on {enquiry.on})")
    return notes


def list_changes(before: RecognitionDecided, after: RecognitionDecided) -> list[str]:
    """Return in sentences what an amended decision changes."""

    def name(towards: Towards) -> Text:
        return towards.title or {"en": f"{towards.member}/{towards.achievement}"}

    say = wording("en")
    changes = changes_between(before, after, say, name, str)
    return [
        f"grant {change.grant}, {change.part}: "
        + say("change.item", before=_join_texts(change.before, say), after=_join_texts(change.after, say))
        for change in changes
    ] or ["the amended decision grants the same as before"]


def _join_texts(texts: Sequence[Text], say: Wording) -> str:
    return "; ".join(say.pick(text)[0] for text in texts) or say("change.nothing")


def list_open_suggestions(assessment: Assessment) -> list[str]:
    """Return what an assessment still has to answer before full recognition can be proposed, in sentences."""
    return [
        f"credential {number}, {element.name}: {suggestion.difference} is worth a look ({suggestion.because}); name it,"
        " or say in the assessment why it is not substantial"
        for number, each in enumerate(assessment.assessed)
        for element in each.elements
        for suggestion in unanswered_suggestions(element)
    ]
