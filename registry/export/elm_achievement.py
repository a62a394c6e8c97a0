"""An achievement in the European Learning Model: what was learnt, as a `Qualification`.

A `Qualification` alone has a level and accreditations, so that every achievement is written as one.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from registry.export.elm_nodes import Node, Nodes, concept, find_concept, language_concept, words_of_code
from registry.export.elmo_xml import number
from registry.export.facts import Organisation
from registry.values import elm_codes as codes
from registry.wire.achievements import AchievementContent, QualityAssurance

ECTS_LABEL: Final = {"en": "European Credit Transfer System"}


def make_specification(nodes: Nodes, achievement: AchievementContent, issuer: Organisation) -> Node:
    """Return the achievement that a claim specifies."""
    return nodes.make(
        "Qualification",
        "qualification",
        title=dict(achievement.title),
        description=dict(achievement.description or {}),
        identifier=nodes.make(
            "Identifier",
            "identifier",
            notation=f"{issuer.origin}/{achievement.achievement}/{achievement.version}",
            schemeName="Achievement on the log",
        ),
        additionalNote=_notes(nodes, achievement),
        thematicArea=[concept("isced-f", code) for code in achievement.fields_of_education],
        eqfLevel=_eqf_level(achievement),
        educationLevel=_national_level(achievement),
        creditPoint=make_credit(nodes, achievement.ects),
        volumeOfLearning=_duration(achievement.workload_hours),
        language=[node for tag in achievement.language if (node := language_concept(tag)) is not None],
        learningSetting=find_concept("learning-setting", codes.LEARNING_SETTING, achievement.learning_setting),
        mode=[
            node
            for code in achievement.participation
            if (node := find_concept("learning-assessment", codes.PARTICIPATION, code)) is not None
        ],
        entryRequirement=nodes.note(achievement.prerequisites) if achievement.prerequisites else None,
        learningOutcome=[
            nodes.make(
                "LearningOutcome",
                "learningOutcome",
                title=dict(outcome.title),
                relatedESCOSkill=[_esco_skill(skill) for skill in outcome.esco_skills or ()],
            )
            for outcome in achievement.learning_outcomes
        ],
        accreditation=[
            _accreditation(nodes, assurance)
            for assurance in achievement.quality_assurance
            if assurance.type != "internal"
        ],
        provenBy=[make_assessment(nodes, code, None) for code in achievement.assessments],
        entitlesTo=[
            nodes.make(
                "LearningEntitlementSpecification",
                "entitlementSpec",
                title=dict(entitlement.text),
                dcType=find_concept("entitlement", codes.ENTITLEMENT, entitlement.type),
                entitlementStatus=find_concept("entitlement-status", codes.ENTITLEMENT_STATUS, entitlement.status),
            )
            for entitlement in achievement.entitles_to or ()
        ],
    )


def make_assessment(nodes: Nodes, code: str, scheme: Mapping[str, str] | None) -> Node:
    """Return one kind of assessment, with the title of the grading scheme where there is one."""
    return nodes.make(
        "LearningAssessmentSpecification",
        "learningAssessmentSpec",
        title={"en": words_of_code(code)},
        dcType=find_concept("assessment", codes.ASSESSMENT, code),
        gradingScheme=nodes.make("GradingScheme", "gradingScheme", title=dict(scheme)) if scheme else None,
    )


def make_credit(nodes: Nodes, ects: float | None) -> Node | None:
    """Return a number of ECTS credits; None where there is none."""
    if ects is None:
        return None
    framework = concept("education-credit", codes.ECTS, ECTS_LABEL)
    return nodes.make("CreditPoint", "creditPoint", framework=framework, point=number(ects))


def _notes(nodes: Nodes, achievement: AchievementContent) -> list[Node]:
    notes = [nodes.note(achievement.further_information)] if achievement.further_information else []
    return notes + [
        nodes.note({"en": f"Internal quality assurance: {assurance.agency}"})
        for assurance in achievement.quality_assurance
        if assurance.type == "internal"
    ]


def _eqf_level(achievement: AchievementContent) -> Node | None:
    level = achievement.eqf_level
    return concept("eqf", str(level), {"en": f"Level {level}"}) if level is not None else None


def _national_level(achievement: AchievementContent) -> Node | None:
    """Return the national level as a concept of our own.

    The profile wants an item of the Commission's list of national levels in `nqfLevel`; the log has the level's name.
    """
    name = achievement.nqf_level
    if not name:
        return None
    scheme = codes.NATIONAL_LEVELS
    item = "".join(letter.lower() if letter.isalnum() else "-" for letter in name)
    return {
        "id": f"{scheme}/{item}",
        "type": "Concept",
        "inScheme": {"id": scheme, "type": "ConceptScheme"},
        "prefLabel": {"en": name},
    }


def _esco_skill(uri: str) -> Node:
    scheme = "http://data.europa.eu/esco/concept-scheme/skills"
    return {"id": uri, "type": "Concept", "inScheme": {"id": scheme, "type": "ConceptScheme"}}


def _accreditation(nodes: Nodes, assurance: QualityAssurance) -> Node:
    report = assurance.report
    return nodes.make(
        "Accreditation",
        "accreditation",
        title={"en": words_of_code(assurance.type).replace(" qa", " quality assurance")},
        dcType=concept("accreditation", str(codes.item_of(codes.ACCREDITATION, assurance.type))),
        accreditingAgent=nodes.outside_organisation(assurance.agency),
        report=nodes.make("WebResource", "webResource", contentURL=report) if report else None,
        expiryDate=f"{assurance.valid_until}T23:59:59Z" if assurance.valid_until else None,
    )


def _duration(hours: Any) -> str | None:  # noqa: ANN401 - an amount of the log: a whole number or a decimal one
    """Return hours as ISO 8601 writes a duration, with minutes and seconds for a part of an hour."""
    if hours is None:
        return None
    seconds = round(Decimal(str(hours)) * 3600)
    whole, rest = divmod(int(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"PT{whole}H" + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds else "")
