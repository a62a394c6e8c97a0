"""The comparison of a qualification with a requirement, in the five elements of the EAR manual (part I).

It suggests differences that an assessor should consider. A suggestion is never a finding: most differences are not
substantial, and a difference that is not substantial does not count. Nothing here decides.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from registry.office.assessments.offered import UNJUDGED, Offered, Requirement
from registry.wire.achievements import LearningOutcome
from registry.wire.recognition import Difference

ElementName = Literal["level", "workload", "quality", "profile", "learningOutcomes"]
ELEMENTS: Final[tuple[ElementName, ...]] = ("level", "workload", "quality", "profile", "learningOutcomes")
_HOURS: Final = (25, 30)
"""Hours of work per credit, at least and at most (ECTS Users' Guide)."""
_MIN_SHARED_WORDS: Final = 0.5
"""The share of a required outcome's words that an offered one must have to be like it."""
_WORD: Final = re.compile(r"[^\W\d_]{4,}")


class Suggestion(msgspec.Struct, frozen=True, rename="camel"):
    """A difference that the assessor should consider, and the reason."""

    difference: Difference
    because: str


class Element(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """One element: what is offered, what is required, and what the assessor says about it."""

    name: ElementName
    original: str
    """In words; empty where nothing is known."""
    required: str
    """In words; empty where nothing is required."""
    suggested: list[Suggestion] = []
    named: list[Difference] = []
    """The substantial differences that the assessor names; usually none."""
    granted: str | None = None
    """The value that the office grants; None: the original's."""
    no_difference: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None
    """The assessor's reason why the suggested differences are not substantial. The letter prints it."""
    note: str | None = None
    """The assessor's note. It may be about a person, and never leaves the office's case."""


class Comparison(NamedTuple):
    """The comparison of a credential with one requirement."""

    requirement: Requirement
    elements: Sequence[Element]


def unanswered_suggestions(element: Element) -> list[Suggestion]:
    """Return the suggestions that the assessor neither names as differences nor rules out with a reason."""
    if element.no_difference is not None:
        return []
    return [each for each in element.suggested if each.difference not in element.named]


def refresh_elements(elements: Sequence[Element], offered: Offered, requirement: Requirement) -> list[Element]:
    """Return an assessment's elements with today's suggestions and the assessor's findings."""
    fresh = {each.name: each for each in compare(offered, requirement)}
    return [
        msgspec.structs.replace(
            each,
            original=fresh[each.name].original,
            required=fresh[each.name].required,
            suggested=fresh[each.name].suggested,
        )
        for each in elements
    ]


def compare(offered: Offered, requirement: Requirement, day: date | None = None) -> list[Element]:
    """Return the five elements in their order, without findings. Ages are counted to `day`, or else to today."""
    elements = [
        _level(offered, requirement),
        _workload(offered, requirement),
        _quality(offered, requirement),
        _profile(offered, requirement),
        _outcomes(offered, requirement, day or date.today()),  # noqa: DTZ011 - a day on the office's calendar
    ]
    if offered.stated_in is None:
        return elements
    source = f" (stated in the uploaded {offered.stated_in}, not verified)"
    return [msgspec.structs.replace(each, original=each.original and each.original + source) for each in elements]


def _level(offered: Offered, requirement: Requirement) -> Element:
    level, required_level = offered.eqf_level, requirement.eqf_level
    suggestions: list[Suggestion] = []
    if level is None:
        if required_level is not None or requirement.access_to is not None:
            suggestions.append(Suggestion("levelNotEstablished", "its EQF level is not known"))
    else:
        if required_level is not None and level < required_level:
            suggestions.append(Suggestion("lowerLevel", f"EQF {level}, and {required_level} is required"))
        if requirement.access_to is not None and level < requirement.access_to - 1:
            because = f"EQF {level} does not lead to EQF {requirement.access_to}"
            suggestions.append(Suggestion("noAccessToRequestedLevel", because))
        if offered.level_basis == "providerStated" and required_level is not None:
            because = "only the provider states the level; no framework has it"
            suggestions.append(Suggestion("levelNotEstablished", because))
    original = "" if level is None else f"EQF {level}"
    if offered.nqf_level:
        original = f"{original}, {offered.nqf_level}".removeprefix(", ")
    if level is not None and offered.level_basis is not None:
        basis = (
            "referenced in a national framework" if offered.level_basis == "referenced" else "stated by the provider"
        )
        original += f" ({basis})"
    required = [] if required_level is None else [f"EQF {required_level}"]
    if requirement.access_to is not None:
        required.append(f"access to EQF {requirement.access_to}")
    return Element(name="level", original=original, required=", ".join(required), suggested=suggestions)


def _workload(offered: Offered, requirement: Requirement) -> Element:
    suggestions: list[Suggestion] = []
    original: list[str] = []
    most: float | None = offered.ects
    if offered.ects is not None:
        original.append(f"{offered.ects:g} ECTS")
    if offered.workload_hours is not None:
        hours = f"{offered.workload_hours:g} hours"
        if offered.ects is None:
            low, most = (offered.workload_hours / each for each in reversed(_HOURS))
            hours += f" ({low:.1f} to {most:.1f} ECTS)"
        original.append(hours)
    if offered.credit_bearing is False:
        original.append("not credit-bearing")
    ects = requirement.ects
    if ects is not None:
        if most is None:
            suggestions.append(Suggestion("notEstablished", "neither its credits nor its hours are known"))
        elif most < ects * requirement.workload_share:
            because = f"{most:.3g} of {ects:g} ECTS; below {requirement.workload_share:.0%}"
            suggestions.append(Suggestion("substantiallyLess", because))
    required = "" if ects is None else f"{ects:g} ECTS"
    return Element(name="workload", original=", ".join(original), required=required, suggested=suggestions)


def _quality(offered: Offered, requirement: Requirement) -> Element:
    original = [f"{each.type}: {each.agency}" for each in offered.quality_assurance]
    original += [
        f"accreditation: {each.agency}{'' if each.covers else ', not for this'}" for each in offered.accreditations
    ]
    if offered.issuer_when_issued is not None:
        original.append(f"issuer {offered.issuer_when_issued} then, {offered.issuer_now} now")
    original += offered.assessments
    if offered.supervision is not None:
        original.append(f"supervision {offered.supervision}")
    if offered.identity_verified is not None:
        original.append("identity verified" if offered.identity_verified else "identity not verified")
    words = (
        ("summative assessment", requirement.summative),
        ("supervision", requirement.supervised),
        ("verified identity", requirement.identity_verified),
    )
    return Element(
        name="quality",
        original="; ".join(original),
        required=", ".join(word for word, is_required in words if is_required),
        suggested=_quality_suggestions(offered, requirement),
    )


def _quality_suggestions(offered: Offered, requirement: Requirement) -> list[Suggestion]:
    suggestions: list[Suggestion] = []
    if offered.issuer_when_issued in ("suspended", "withdrawn"):
        because = f"{offered.issuer} was {offered.issuer_when_issued} when it issued this"
        suggestions.append(Suggestion("providerNotRecognised", because))
    if offered.accredited is False:
        because = f"no accreditation of {offered.issuer} covered this level and field on the day of awarding"
        suggestions.append(Suggestion("notQualityAssured", because))
    elif offered.accredited is None and not _is_quality_assured(offered):
        because = "no quality assurance is known that was valid on the day of awarding"
        suggestions.append(Suggestion("notQualityAssured", because))
    if requirement.summative and not [kind for kind in offered.assessments if kind not in UNJUDGED]:
        because = "only the learner judged what was learnt" if offered.assessments else "no assessment is known"
        suggestions.append(Suggestion("assessmentNotSummative", because))
    if requirement.supervised and offered.supervision not in ("online", "onsite"):
        suggestions.append(Suggestion("notSupervised", f"supervision: {offered.supervision or 'not known'}"))
    if requirement.identity_verified and not offered.identity_verified:
        because = "not verified" if offered.identity_verified is False else "not known whether it was verified"
        suggestions.append(Suggestion("identityNotVerified", f"the learner's identity: {because}"))
    return suggestions


def _is_quality_assured(offered: Offered) -> bool:
    day = offered.awarding_date or ""
    return any(each.valid_until is None or each.valid_until >= day for each in offered.quality_assurance)


def _profile(offered: Offered, requirement: Requirement) -> Element:
    own, required_fields = offered.fields_of_education, requirement.fields_of_education
    suggestions: list[Suggestion] = []
    if own and required_fields and not any(a[:2] == b[:2] for a in own for b in required_fields):
        because = f"{', '.join(own)} and {', '.join(required_fields)} have no broad field in common"
        suggestions.append(Suggestion("differentField", because))
    elif required_fields and not own:
        because = f"its field is not known; {', '.join(required_fields)} is required"
        suggestions.append(Suggestion("differentField", because))
    if requirement.practice and "workBased" not in offered.participation:
        suggestions.append(Suggestion("practiceMissing", "no work-based learning is known"))
    if requirement.research and "researchLab" not in offered.participation:
        suggestions.append(Suggestion("researchMissing", "no research is known"))
    if requirement.language and offered.language and not set(requirement.language) & set(offered.language):
        because = f"taught in {', '.join(offered.language)}; {', '.join(requirement.language)} is required"
        suggestions.append(Suggestion("entryRequirementMissing", because))
    elif requirement.language and not offered.language:
        because = f"the language of teaching is not known; {', '.join(requirement.language)} is required"
        suggestions.append(Suggestion("entryRequirementMissing", because))
    original = [*([offered.kind] if offered.kind else []), *(f"ISCED-F {code}" for code in own), *offered.participation]
    original += [f"taught in {', '.join(offered.language)}"] if requirement.language and offered.language else []
    required = [f"ISCED-F {code}" for code in required_fields]
    required += [f"taught in {' or '.join(requirement.language)}"] if requirement.language else []
    required += ["practice"] if requirement.practice else []
    required += ["research"] if requirement.research else []
    return Element(name="profile", original=", ".join(original), required=", ".join(required), suggested=suggestions)


def _outcomes(offered: Offered, requirement: Requirement, day: date) -> Element:
    suggestions: list[Suggestion] = []
    outcomes = offered.learning_outcomes
    if requirement.learning_outcomes and not outcomes:
        suggestions.append(Suggestion("notDescribed", "no learning outcomes are known"))
    elif missing := [each for each in requirement.learning_outcomes if _is_offered(each, outcomes) is False]:
        because = "no offered outcome is like: " + "; ".join(_title(each) for each in missing)
        suggestions.append(Suggestion("keyOutcomeMissing", because))
    if requirement.max_age_months is not None and offered.awarding_date is not None:
        awarded = date.fromisoformat(offered.awarding_date)
        months = 12 * (day.year - awarded.year) + day.month - awarded.month - (day.day < awarded.day)
        if months >= requirement.max_age_months:
            because = f"awarded {months} months ago; at most {requirement.max_age_months} are allowed"
            suggestions.append(Suggestion("outdated", because))
    required = [_title(each) for each in requirement.learning_outcomes]
    if requirement.max_age_months is not None:
        required.append(f"not older than {requirement.max_age_months} months")
    return Element(
        name="learningOutcomes",
        original="; ".join(_title(each) for each in outcomes),
        required="; ".join(required),
        suggested=suggestions,
    )


def _is_offered(required: LearningOutcome, outcomes: Iterable[LearningOutcome]) -> bool | None:
    """Return whether an outcome like this one is offered; None where they have no language in common."""
    compared = False
    for outcome in outcomes:
        if set(required.esco_skills or ()) & set(outcome.esco_skills or ()):
            return True
        for language, text in required.title.items():
            words = _words(text)
            if language in outcome.title and words:
                compared = True
                if len(words & _words(outcome.title[language])) >= _MIN_SHARED_WORDS * len(words):
                    return True
    return False if compared else None


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:6] for word in _WORD.findall(text.casefold()))


def _title(outcome: LearningOutcome) -> str:
    return outcome.title.get("en") or next(iter(outcome.title.values()))
