"""The five elements of a qualification beside what is asked for (EAR manual, part I): what was offered, what is
required, what the office grants, and which differences are worth a look.

A suggestion is a reason to look, never a finding: most differences are not substantial, and what is not is
recognised. Nothing here decides.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from registry.office.assessments.offered import UNJUDGED, Offered, Requirement
from registry.wire.achievements import LearningOutcome
from registry.wire.recognition import Difference

ElementName = Literal["level", "workload", "quality", "profile", "learningOutcomes"]
ELEMENTS: Final[tuple[ElementName, ...]] = ("level", "workload", "quality", "profile", "learningOutcomes")
_HOURS: Final = (25, 30)
"""Hours of work in a credit (ECTS Users' Guide)."""
_LIKE: Final = 0.5
"""Which share of a required outcome's words another must have to be worth reading beside it."""
_WORD: Final = re.compile(r"[^\W\d_]{4,}")


class Suggestion(msgspec.Struct, frozen=True, rename="camel"):
    """A difference worth a look, and why."""

    difference: Difference
    because: str


class Element(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """One element: what was offered, what is required, what is granted, side by side."""

    name: ElementName
    original: str
    """In words; empty where nothing is known."""
    required: str
    """In words; empty where nothing is asked for."""
    suggested: list[Suggestion] = []
    named: list[Difference] = []
    """The substantial differences that the assessor names; none is the rule."""
    granted: str | None = None
    """The value that the office gives it; None: as the original."""
    no_difference: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None
    """Why what is suggested is no substantial difference, in the assessor's own words. The letter prints it."""
    note: str | None = None
    """The assessor's own words. They may be about a person, and never leave the office's case."""


def unanswered(element: Element) -> list[Suggestion]:
    """Return the suggestions that the assessor neither names nor says to be no substantial difference."""
    if element.no_difference is not None:
        return []
    return [each for each in element.suggested if each.difference not in element.named]


def compare_again(elements: Sequence[Element], offered: Offered, requirement: Requirement) -> list[Element]:
    """Return an assessment's elements with the suggestions of today, and what the assessor wrote in them kept."""
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
    """The five elements in their order, nothing named yet. `day` is the one that ages are counted to (else today's)."""
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
    level, wanted = offered.eqf_level, requirement.eqf_level
    found: list[Suggestion] = []
    if level is None:
        if wanted is not None or requirement.access_to is not None:
            found.append(Suggestion("levelNotEstablished", "no EQF level is known of it"))
    else:
        if wanted is not None and level < wanted:
            found.append(Suggestion("lowerLevel", f"EQF {level}, and {wanted} is asked for"))
        if requirement.access_to is not None and level < requirement.access_to - 1:
            because = f"EQF {level} does not lead to EQF {requirement.access_to}"
            found.append(Suggestion("noAccessToRequestedLevel", because))
        if offered.level_basis == "providerStated" and wanted is not None:
            found.append(Suggestion("levelNotEstablished", "the provider states the level; no framework has it"))
    original = "" if level is None else f"EQF {level}"
    if offered.nqf_level:
        original = f"{original}, {offered.nqf_level}".removeprefix(", ")
    if level is not None and offered.level_basis is not None:
        basis = (
            "referenced in a national framework" if offered.level_basis == "referenced" else "stated by the provider"
        )
        original += f" ({basis})"
    asked = [] if wanted is None else [f"EQF {wanted}"]
    if requirement.access_to is not None:
        asked.append(f"access to EQF {requirement.access_to}")
    return Element(name="level", original=original, required=", ".join(asked), suggested=found)


def _workload(offered: Offered, requirement: Requirement) -> Element:
    wanted, found = requirement.ects, list[Suggestion]()
    said: list[str] = []
    most: float | None = offered.ects
    if offered.ects is not None:
        said.append(f"{offered.ects:g} ECTS")
    if offered.workload_hours is not None:
        hours = f"{offered.workload_hours:g} hours"
        if offered.ects is None:
            low, most = (offered.workload_hours / each for each in reversed(_HOURS))
            hours += f" (as much as {low:.1f} to {most:.1f} ECTS)"
        said.append(hours)
    if offered.credit_bearing is False:
        said.append("not credit-bearing")
    if wanted is not None:
        if most is None:
            found.append(Suggestion("notEstablished", "neither credits nor hours are known of it"))
        elif most < wanted * requirement.workload_share:
            because = f"{most:.3g} of {wanted:g} ECTS; below {requirement.workload_share:.0%}"
            found.append(Suggestion("substantiallyLess", because))
    required = "" if wanted is None else f"{wanted:g} ECTS"
    return Element(name="workload", original=", ".join(said), required=required, suggested=found)


def _quality(offered: Offered, requirement: Requirement) -> Element:
    found: list[Suggestion] = []
    if offered.issuer_when_issued in ("suspended", "withdrawn"):
        because = f"{offered.issuer} was {offered.issuer_when_issued} when it issued this"
        found.append(Suggestion("providerNotRecognised", because))
    if offered.accredited is False:
        because = f"no accreditation of {offered.issuer} covered this level and field on the day of awarding"
        found.append(Suggestion("notQualityAssured", because))
    elif offered.accredited is None and not _assured(offered):
        found.append(Suggestion("notQualityAssured", "nothing that was valid then is known to assure its quality"))
    if requirement.summative and not [kind for kind in offered.assessments if kind not in UNJUDGED]:
        because = "nobody but the learner judged what was learnt" if offered.assessments else "no assessment is known"
        found.append(Suggestion("assessmentNotSummative", because))
    if requirement.supervised and offered.supervision not in ("online", "onsite"):
        found.append(Suggestion("notSupervised", f"supervision: {offered.supervision or 'not known'}"))
    if requirement.identity_verified and not offered.identity_verified:
        because = "not verified" if offered.identity_verified is False else "not known whether it was verified"
        found.append(Suggestion("identityNotVerified", f"the learner's identity: {because}"))
    said = [f"{each.type}: {each.agency}" for each in offered.quality_assurance]
    said += [
        f"accreditation: {each.agency}{'' if each.covers else ', not for this'}" for each in offered.accreditations
    ]
    if offered.issuer_when_issued is not None:
        said.append(f"issuer {offered.issuer_when_issued} then, {offered.issuer_now} now")
    said += offered.assessments
    if offered.supervision is not None:
        said.append(f"supervision {offered.supervision}")
    if offered.identity_verified is not None:
        said.append("identity verified" if offered.identity_verified else "identity not verified")
    asked = (
        ("summative assessment", requirement.summative),
        ("supervision", requirement.supervised),
        ("verified identity", requirement.identity_verified),
    )
    required = ", ".join(word for word, wanted in asked if wanted)
    return Element(name="quality", original="; ".join(said), required=required, suggested=found)


def _assured(offered: Offered) -> bool:
    day = offered.awarding_date or ""
    return any(each.valid_until is None or each.valid_until >= day for each in offered.quality_assurance)


def _profile(offered: Offered, requirement: Requirement) -> Element:
    own, wanted = offered.fields_of_education, requirement.fields_of_education
    found: list[Suggestion] = []
    if own and wanted and not any(a[:2] == b[:2] for a in own for b in wanted):
        because = f"{', '.join(own)} and {', '.join(wanted)} have no broad field in common"
        found.append(Suggestion("differentField", because))
    elif wanted and not own:
        found.append(Suggestion("differentField", f"no field is known of it; {', '.join(wanted)} is asked for"))
    if requirement.practice and "workBased" not in offered.participation:
        found.append(Suggestion("practiceMissing", "no work-based learning is known"))
    if requirement.research and "researchLab" not in offered.participation:
        found.append(Suggestion("researchMissing", "no research is known"))
    if requirement.language and offered.language and not set(requirement.language) & set(offered.language):
        because = f"taught in {', '.join(offered.language)}; {', '.join(requirement.language)} is asked for"
        found.append(Suggestion("entryRequirementMissing", because))
    elif requirement.language and not offered.language:
        because = f"the language of teaching is not known; {', '.join(requirement.language)} is asked for"
        found.append(Suggestion("entryRequirementMissing", because))
    said = [*([offered.kind] if offered.kind else []), *(f"ISCED-F {code}" for code in own), *offered.participation]
    said += [f"taught in {', '.join(offered.language)}"] if requirement.language and offered.language else []
    asked = [f"ISCED-F {code}" for code in wanted]
    asked += [f"taught in {' or '.join(requirement.language)}"] if requirement.language else []
    asked += [
        word for word, needed in (("practice", requirement.practice), ("research", requirement.research)) if needed
    ]
    return Element(name="profile", original=", ".join(said), required=", ".join(asked), suggested=found)


def _outcomes(offered: Offered, requirement: Requirement, day: date) -> Element:
    found: list[Suggestion] = []
    if requirement.learning_outcomes and not offered.learning_outcomes:
        found.append(Suggestion("notDescribed", "no learning outcomes are known"))
    elif missing := [one for one in requirement.learning_outcomes if _found(one, offered.learning_outcomes) is False]:
        because = "nothing offered reads like: " + "; ".join(_title(one) for one in missing)
        found.append(Suggestion("keyOutcomeMissing", because))
    if requirement.max_age_months is not None and offered.awarding_date is not None:
        awarded = date.fromisoformat(offered.awarding_date)
        months = 12 * (day.year - awarded.year) + day.month - awarded.month - (day.day < awarded.day)
        if months >= requirement.max_age_months:
            because = f"awarded {months} months ago; {requirement.max_age_months} at most are asked for"
            found.append(Suggestion("outdated", because))
    asked = [_title(one) for one in requirement.learning_outcomes]
    if requirement.max_age_months is not None:
        asked.append(f"not older than {requirement.max_age_months} months")
    return Element(
        name="learningOutcomes",
        original="; ".join(_title(one) for one in offered.learning_outcomes),
        required="; ".join(asked),
        suggested=found,
    )


def _found(wanted: LearningOutcome, offered: Iterable[LearningOutcome]) -> bool | None:
    """Whether an outcome like this one is offered; None where they have no language in common: somebody reads them."""
    compared = False
    for one in offered:
        if set(wanted.esco_skills or ()) & set(one.esco_skills or ()):
            return True
        for language, text in wanted.title.items():
            words = _words(text)
            if language in one.title and words:
                compared = True
                if len(words & _words(one.title[language])) >= _LIKE * len(words):
                    return True
    return False if compared else None


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:6] for word in _WORD.findall(text.casefold()))


def _title(outcome: LearningOutcome) -> str:
    return outcome.title.get("en") or next(iter(outcome.title.values()))
