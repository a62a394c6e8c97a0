"""A case's facts for the letter of its decision: addressee, language, and the findings in each element."""

from collections.abc import Sequence
from datetime import date

import msgspec

from registry.letters import LANGUAGES, Addressee, CannotWrite, Language, LetterRequirements, wording
from registry.letters.composing import CaseFile, EstablishedFacts, LetterRequest, whole_date
from registry.letters.content import GrantFindings, LeftOutQualification, Standing
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.case_assessment import find_measures
from registry.office.assessments.offered import Offered, Requirement, is_blank
from registry.office.cases.applicants import Applicant
from registry.office.cases.views import LetterFacts, SubjectView
from registry.wire.forms import Text, check_date
from registry.wire.recognition import Aspect, Grant, Towards

_LONGEST = 2_000
_QUALITY = ("summative", "supervised", "identity_verified")
_PROFILE = ("practice", "research")


def asked_of(facts: LetterFacts, language: Language | None = None) -> LetterRequest:
    """A letter about a case's decision, in the language given, else in the applicant's, else in English.

    Raises `CannotWrite` where nobody's name is known.
    """
    language = language or language_of(facts.applicant)
    assessed = facts.assessment.assessed if facts.assessment is not None else []
    requirements = [assessed[number].requirement for number in facts.numbers if number < len(assessed)]
    return LetterRequest(
        language=language,
        applicant=addressee(facts.applicant),
        file_number=facts.file_number,
        appeal_until=facts.appeal_until,
        required=_letter_requirements(requirements, language),
        remarks=[facts.note] if facts.note else [],
    )


def file_of(facts: LetterFacts) -> CaseFile:
    """Return what the case's file adds to the letter of its decision."""
    assessment = facts.assessment
    return CaseFile(
        established=[_established_facts(facts, number) for number in facts.numbers],
        judged=[] if assessment is None else _grant_findings(facts, assessment),
        compared_with=[] if assessment is None else _compared_with(facts, assessment),
        applied_for=facts.towards,
        left=[_left(facts.subjects[left_out.subject], left_out.reason) for left_out in facts.left],
        standings=[_standing(facts, number) for number in facts.numbers],
        before=facts.before,
    )


def title_and_issuer(view: SubjectView) -> tuple[Text, str, str | None]:
    """Return a credential's title, its issuer and the issuer's country, as far as they are known."""
    external, now = view.subject.external, view.now
    if external is not None:
        return {"und": external.title}, external.issuer_name, external.country
    if now is not None:
        return now.title, now.member, now.country
    ref = view.subject.credential
    return {"und": ref.credential if ref is not None else ""}, ref.member if ref is not None else "", None


def _left(view: SubjectView, reason: str) -> LeftOutQualification:
    title, issuer, _ = title_and_issuer(view)
    return LeftOutQualification(title, issuer, reason, member=view.subject.credential is not None)


def _standing(facts: LetterFacts, number: int) -> tuple[Standing, date] | None:
    """Return what spoke against a credential when the decision was made."""
    if number in facts.denied:
        return "denied", facts.denied[number]
    then = facts.subjects[number].at_decision
    statuses: tuple[Standing, ...] = ("revoked", "suspended", "replaced")
    for status in statuses:
        if then is not None and then.status == status:
            return status, date.fromisoformat(facts.data.decision_date)
    if not facts.subjects[number].subject.documented:
        return "undocumented", date.fromisoformat(facts.data.decision_date)
    return None


def _established_facts(facts: LetterFacts, number: int) -> EstablishedFacts | None:
    """Return what the office knows of a credential that no member issued: only that has to be said beside the log."""
    if facts.assessment is None or number >= len(facts.assessment.assessed):
        return None
    offered = facts.assessment.assessed[number].offered
    return None if offered.member else _established_from(offered)


def _established_from(offered: Offered) -> EstablishedFacts:
    awarded = offered.awarding_date
    return EstablishedFacts(
        source="office" if offered.stated_in is None else "document",
        awarded=date.fromisoformat(awarded) if awarded is not None and check_date(awarded) is None else None,
        ects=offered.ects,
        workload_hours=offered.workload_hours,
        eqf_level=offered.eqf_level,
        nqf_level=offered.nqf_level,
        fields_of_education=offered.fields_of_education,
        learning_outcomes=[outcome.title for outcome in offered.learning_outcomes],
        quality_assurance=offered.quality_assurance,
    )


def _grant_findings(facts: LetterFacts, assessment: Assessment) -> list[GrantFindings | None]:
    """Return for each grant what was looked at, what differs only slightly, and what else the applicant should know."""
    grants = [_of_case(grant, facts.numbers) for grant in facts.data.grants]
    measures = find_measures(assessment, grants)
    considered = [each for proposed in assessment.proposed for each in proposed.considered]
    return [
        GrantFindings(
            _slight(assessment, grant),
            [(each.outcome, each.not_possible) for each in considered] if grant.outcome == "refused" else [],
            measures[place],
            _words(assessment, grant),
        )
        for place, grant in enumerate(grants)
    ]


def _of_case(grant: Grant, numbers: Sequence[int]) -> Grant:
    """The grant with the numbers of its credentials in the case."""
    return msgspec.structs.replace(grant, from_=[numbers[index] for index in grant.from_])


def _slight(assessment: Assessment, grant: Grant) -> dict[Aspect, str]:
    """Return the elements that are worth a look and were not named, with why they are not substantial."""
    reasons: dict[Aspect, str] = {}
    for number in grant.from_:
        for element in assessment.assessed[number].elements:
            if any(suggestion.difference not in element.named for suggestion in element.suggested):
                reasons[element.name] = element.no_difference or reasons.get(element.name, "")
    return reasons


def _words(assessment: Assessment, grant: Grant) -> dict[Aspect, str]:
    """Return what the assessor wrote for the letter of elements in which nothing was worth a look."""
    return {
        element.name: element.no_difference
        for number in grant.from_
        for element in assessment.assessed[number].elements
        if element.no_difference is not None and not element.suggested
    }


def _compared_with(facts: LetterFacts, assessment: Assessment) -> list[list[Towards]]:
    """Return for each grant the programmes that its credentials were compared with; each once."""
    compared: list[list[Towards]] = []
    for grant in facts.data.grants:
        required = [assessment.assessed[facts.numbers[place]].requirement for place in grant.from_]
        named = [each.towards for each in required if each.towards is not None and not is_blank(each)]
        compared.append([each for place, each in enumerate(named) if each not in named[:place]])
    return compared


def _letter_requirements(requirements: Sequence[Requirement], language: Language) -> LetterRequirements | None:
    """Return the requirements of all bases in the letter's words, each once; None where there are none."""
    say = wording(language)
    lines: dict[str, list[str]] = {}
    for requirement in requirements:
        level = (
            requirement.eqf_level
            if requirement.access_to is None
            else max(requirement.eqf_level or 0, requirement.access_to - 1)
        )
        for aspect, values in (
            ("level", [say("table.eqf", level=str(level))] if level else []),
            ("workload", [say("table.ects", ects=say.number(requirement.ects))] if requirement.ects else []),
            ("quality", [say(f"asked.{name}") for name in _QUALITY if getattr(requirement, name)]),
            (
                "profile",
                [
                    *(say("table.field", code=code) for code in requirement.fields_of_education),
                    *(say(f"asked.{name}") for name in _PROFILE if getattr(requirement, name)),
                    *(
                        [say("asked.language", languages=", ".join(requirement.language))]
                        if requirement.language
                        else []
                    ),
                ],
            ),
            (
                "learning_outcomes",
                [
                    *(say.pick(outcome.title)[0] for outcome in requirement.learning_outcomes),
                    *(
                        [say("asked.max_age", months=str(requirement.max_age_months))]
                        if requirement.max_age_months is not None
                        else []
                    ),
                ],
            ),
        ):
            lines.setdefault(aspect, []).extend(values)
    texts = {aspect: _begun("; ".join(dict.fromkeys(values))) for aspect, values in lines.items() if values}
    return LetterRequirements(**texts) if texts else None


def _begun(text: str) -> str:
    """With a capital, as where a line begins; and not longer than a line of the letter may be."""
    return text[:1].upper() + text[1:_LONGEST]


def addressee(person: Applicant) -> Addressee:
    """Return whom a letter is to. Raises `CannotWrite` where nobody's name is known."""
    name = " ".join(filter(None, [person.given_name, person.family_name]))
    if not name:  # somebody who was taken over by a number alone
        raise CannotWrite(
            "the vault has no name of this applicant; write the decision's letter, and say whom it is to"
            " (`registry recognition letter DECISION --applicant FILE`, or POST /v1/letters)"
        )
    return Addressee(
        name=name,
        address=[line for line in (person.address or "").splitlines() if line.strip()][:8],
        date_of_birth=whole_date(person.date_of_birth),
        reference=person.reference,
    )


def language_of(person: Applicant) -> Language:
    """Return the language of letters to a person: theirs where there is one, else English."""
    preferred = (person.language or "").lower().partition("-")[0]
    return next((language for language in LANGUAGES if language == preferred), "en")
