"""An achievement of ours as the Achievement of an Open Badge (Open Badges 3.0, section B.1.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from registry.export.badge_criteria import write_criteria
from registry.export.document import Omission
from registry.export.facts import Organisation, PortableCredential
from registry.export.texts import choose_language, choose_text, omit_languages
from registry.wire.achievements import AchievementContent, GradingScheme

TYPES: Final = {
    "microCredential": "MicroCredential",
    "module": "Course",
    "programme": "LearningProgram",
    "degree": "Degree",
}
EQF: Final = "http://data.europa.eu/snb/eqf/"
ISCED_F: Final = "http://data.europa.eu/snb/isced-f/"
_MAX_RELATED: Final = 20
_LANGUAGE: Final = re.compile(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
"""The languages that the JSON Schema of Open Badges takes."""


def achievement_id(issuer: Organisation, achievement: str, version: int) -> str:
    """Return the identifier of a version of an achievement: its page where the issuer has an address, else a URN."""
    if issuer.url is None:
        return f"urn:uuid:{achievement}#version-{version}"
    return f"{issuer.url}/achievements/{issuer.member}/{achievement}?version={version}"


def make_achievement(
    content: AchievementContent, issuer: Organisation, language: str, *, others: Sequence[str] = ()
) -> dict[str, Any]:
    """Return an Achievement, its texts in this language where they are in it.

    `others` are the names of those who award it together with the issuer.
    """
    identifier = achievement_id(issuer, content.achievement, content.version)
    title = str(choose_text(content.title, language))
    achievement: dict[str, Any] = {
        "id": identifier,
        "type": ["Achievement"],
        "achievementType": TYPES[content.kind],
        "name": title,
        "description": choose_text(content.description, language) or title,
        "criteria": {"narrative": write_criteria(content, language, others)},
        "fieldOfStudy": ", ".join(f"ISCED-F 2013 {code}" for code in content.fields_of_education),
        "version": str(content.version),
        "alignment": list(_align(content, language)),
        "resultDescription": list(_describe_results(content, identifier, language)),
    }
    if _LANGUAGE.fullmatch(spoken := choose_language(content.title, language)):
        achievement["inLanguage"] = spoken
    if content.ects is not None:
        achievement["creditsAvailable"] = as_number(content.ects)
    earlier = range(max(1, content.version - _MAX_RELATED), content.version)
    if earlier and issuer.url is not None:
        achievement["related"] = [
            {
                "id": achievement_id(issuer, content.achievement, version),
                "type": ["Related"],
                "version": str(version),
            }
            for version in earlier
        ]
    return {name: value for name, value in achievement.items() if value != []}


def name_others(credential: PortableCredential) -> list[str]:
    """Return the names of the members that award a credential together with its issuer."""
    return [body.content.legal_name for body in credential.awarding_bodies if body.member != credential.issuer.member]


def make_results(credential: PortableCredential) -> list[dict[str, Any]]:
    """Return the results of a credential: its ECTS credits, with their name, and its grade."""
    content = credential.achievement
    identifier = achievement_id(credential.issuer, content.achievement, content.version)
    results = []
    if credential.ects is not None:
        results.append(_result(f"{identifier}#ects", f"{credential.ects:g}"))
    if "grade" in credential.claims:
        results.append(_result(f"{identifier}#grade", str(credential.claims["grade"])))
    return results


def _result(description: str, value: str) -> dict[str, Any]:
    return {"type": ["Result"], "resultDescription": description, "value": value}


def _describe_results(content: AchievementContent, identifier: str, language: str) -> Iterator[dict[str, Any]]:
    if content.ects is not None:
        yield {
            "id": f"{identifier}#ects",
            "type": ["ResultDescription"],
            "name": "ECTS credits",
            "resultType": "ext:ECTSCredits",
            "valueMax": f"{content.ects:g}",
        }
    yield {"id": f"{identifier}#grade", "type": ["ResultDescription"], **_scale(content.grading_scheme, language)}


def _scale(scheme: GradingScheme | None, language: str) -> dict[str, Any]:
    if scheme is None:
        return {"name": "Grade", "resultType": "Result"}
    scale: dict[str, Any] = {"name": choose_text(scheme.title, language), "resultType": "Result"}
    for name, value in (("valueMin", scheme.min), ("valueMax", scheme.max), ("requiredValue", scheme.pass_)):
        if value is not None:
            scale[name] = value if isinstance(value, str) else f"{value:g}"
            scale["resultType"] = "RawScore"
    if scheme.values:
        scale |= {"allowedValue": list(scheme.values), "resultType": "LetterGrade"}
    return scale


def _align(content: AchievementContent, language: str) -> Iterator[dict[str, Any]]:
    """Yield the alignments: level, fields of education, and the skills of the learning outcomes."""
    if content.eqf_level is not None:
        details = [content.nqf_level, content.level_basis and f"level {_basis(content.level_basis)}"]
        if content.qf_ehea_cycle is not None:
            details.append(f"QF-EHEA: {content.qf_ehea_cycle} cycle")
        yield _alignment(
            f"EQF level {content.eqf_level}",
            f"{EQF}{content.eqf_level}",
            code=str(content.eqf_level),
            framework="European Qualifications Framework",
            kind="ext:EQF",
            description="; ".join(detail for detail in details if detail),
        )
    for code in content.fields_of_education:
        yield _alignment(
            f"ISCED-F 2013 {code}", f"{ISCED_F}{code}", code=code, framework="ISCED-F 2013", kind="ext:ISCED-F"
        )
    for outcome in content.learning_outcomes:
        for skill in outcome.esco_skills or ():
            yield _alignment(
                str(choose_text(outcome.title, language)), skill, code=skill, framework="ESCO", kind="ext:ESCO"
            )


def _alignment(name: str, url: str, *, code: str, framework: str, kind: str, description: str = "") -> dict[str, Any]:
    alignment = {
        "type": ["Alignment"],
        "targetName": name,
        "targetUrl": url,
        "targetCode": code,
        "targetFramework": framework,
        "targetType": kind,
    }
    return alignment | ({"targetDescription": description} if description else {})


def _basis(basis: str) -> str:
    return "referenced in the national framework" if basis == "referenced" else "stated by the provider"


def omit_from_achievement(content: AchievementContent, language: str) -> Iterable[Omission]:
    """Yield what an Achievement cannot carry."""
    yield from omit_languages("achievement.title", content.title, language)
    yield from omit_languages("achievement.description", content.description, language)
    yield from omit_languages("achievement.furtherInformation", content.further_information, language)
    yield from omit_languages("achievement.prerequisites", content.prerequisites, language)
    for index, outcome in enumerate(content.learning_outcomes):
        yield from omit_languages(f"achievement.learningOutcomes[{index}].title", outcome.title, language)
    if content.grading_scheme is not None:
        yield from omit_languages("achievement.gradingScheme.title", content.grading_scheme.title, language)
    for index, entitlement in enumerate(content.entitles_to or ()):
        yield from omit_languages(f"achievement.entitlesTo[{index}].text", entitlement.text, language)
    if content.eqf_level is None and content.nqf_level is not None:
        yield Omission("achievement.nqfLevel", "An alignment needs an address, which a national level has not.")
    if content.composition is not None:
        yield Omission("achievement.composition", "An Open Badge has no place for the rules of a composition.")


def as_number(value: float) -> float:
    """Return a number as JSON writes it everywhere: without a fraction where it has none."""
    return int(value) if value == int(value) else value
