"""The criteria of an Open Badge: in words, what the achievement's codes say and the format has no field for.

The headings are English, whatever the language of the texts: they are codes of the Council Recommendation in words.
"""

import re
from collections.abc import Iterator, Sequence

from registry.export.texts import choose_text
from registry.wire.achievements import AchievementContent

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def write_criteria(content: AchievementContent, language: str, others: Sequence[str]) -> str:
    """Return the narrative of the criteria, in Markdown; `others` are the names of those who award it, too."""
    lines = [f"- {choose_text(outcome.title, language)}" for outcome in content.learning_outcomes]
    lines = ["Learning outcomes:", "", *lines, "", *(f"- {line}" for line in _facts(content, language))]
    if others:
        lines.append(f"- Awarded together with: {', '.join(others)}")
    return "\n".join(lines)


def _facts(content: AchievementContent, language: str) -> Iterator[str]:
    yield f"Assessment: {_words(content.assessments)}"
    yield f"Supervision of the assessment: {_words([content.supervision])}"
    yield f"Identity verified at the assessment: {'yes' if content.identity_verified else 'no'}"
    yield f"Form of participation: {_words(content.participation)}"
    yield f"Learning setting: {_words([content.learning_setting])}"
    yield f"Languages of instruction: {', '.join(content.language)}"
    if content.workload_hours is not None:
        yield f"Workload: {_number(content.workload_hours)} hours"
    if content.hours_per_ects is not None:
        yield f"Hours for an ECTS credit: {_number(content.hours_per_ects)}"
    yield f"Stackability: {_words([content.stackability])}"
    for assurance in content.quality_assurance:
        report = f", {assurance.report}" if assurance.report is not None else ""
        until = f", valid until {assurance.valid_until}" if assurance.valid_until is not None else ""
        yield f"Quality assurance: {_words([assurance.type])}, {assurance.agency}{report}{until}"
    for entitlement in content.entitles_to or ():
        kind = _words([entitlement.type, entitlement.status])
        yield f"Gives access to ({kind}): {choose_text(entitlement.text, language)}"
    for partner in content.partners or ():
        yield f"Partner ({partner.role}): {partner.name}"
    if content.prerequisites:
        yield f"Prerequisites: {choose_text(content.prerequisites, language)}"
    if content.further_information:
        yield f"Further information: {choose_text(content.further_information, language)}"


def _words(codes: Sequence[str]) -> str:
    """Return codes in words: `writtenExamination` is `written examination`."""
    return ", ".join(_WORD.sub(" ", code).lower().replace(" qa", " QA") for code in codes)


def _number(value: float) -> str:
    return f"{value:g}"
