"""The facts of credentials and portfolios that ELMO has no field for."""

from collections.abc import Iterator
from typing import Final

from registry.documents.elmo_schema import ElmoVersion
from registry.export.document import Copy, Omission
from registry.export.facts import PortableCredential, Portfolio
from registry.wire.achievements import AchievementContent

_NO_FIELD: Final = "ELMO has no field for it."
_ACHIEVEMENT: Final = (
    "further_information",
    "workload_hours",
    "hours_per_ects",
    "learning_setting",
    "participation",
    "assessments",
    "supervision",
    "identity_verified",
    "quality_assurance",
    "qf_ehea_cycle",
    "entitles_to",
    "prerequisites",
    "partners",
    "stackability",
    "composition",
)
"""Fields of an achievement that ELMO has no field for."""


def list_omissions(credential: PortableCredential, copy: Copy) -> Iterator[Omission]:
    """Yield the facts of a credential that its result in ELMO does not have."""
    yield from _of_achievement(credential.achievement)
    if credential.valid_until is not None:
        yield Omission("validUntil", "ELMO has no date on which a result ends.")
    for name in ("originalGrade", "note", "cnf"):
        if credential.claims.get(name) is not None:
            yield Omission(f"claims.{name}", _NO_FIELD)
    if credential.disclosures:
        yield Omission("disclosures", "ELMO is not made for proofs; the file of disclosures is.")
    if credential.place is not None:
        yield Omission("place.receipt", "ELMO is not made for proofs; the receipt is a file of its own.")
    if copy.tie != "open":
        yield Omission("credential", "The id on the log is written only in a copy with an open tie to the log.")
    if len(credential.awarding_bodies) > 1:
        yield Omission("awardingBodies", "ELMO names one issuer; the others are not named.")
    for index, part in enumerate(credential.parts):
        if part.achievement is None:
            yield Omission(f"parts[{index}]", "Its achievement is not known here, and ELMO needs its title.")
        elif part.part.member != credential.issuer.member:
            yield Omission(f"parts[{index}].issuer", "ELMO names one issuer in a report, which is not the part's.")
        if part.part.by is not None:
            yield Omission(f"parts[{index}].by", _NO_FIELD)


def _of_achievement(achievement: AchievementContent) -> Iterator[Omission]:
    if achievement.kind == "microCredential":
        yield Omission("achievement.kind", "ELMO has no type for micro-credentials; it is written as Course.")
    if achievement.kind == "programme":
        yield Omission("achievement.kind", "ELMO has a type for degree programmes alone; it is left out.")
    for name in _ACHIEVEMENT:
        value = getattr(achievement, name)
        if value is not None and value != []:
            yield Omission(f"achievement.{_camel(name)}", _NO_FIELD)
    yield Omission(
        "achievement.learningOutcomes", "ELMO has no field for outcomes; they are written as text in descriptionHtml."
    )
    if not achievement.credit_bearing:
        yield Omission("achievement.creditBearing", "ELMO cannot say that learning bears no credits.")
    if len(achievement.fields_of_education) > 1:
        yield Omission("achievement.fieldsOfEducation", "ELMO has one field of education; the first is written.")
    if len(achievement.language) > 1:
        yield Omission("achievement.language", "ELMO has one language of instruction; the first is written.")
    if achievement.level_basis is not None and (achievement.level_basis == "referenced") != bool(achievement.nqf_level):
        yield Omission("achievement.levelBasis", "ELMO does not say what a level rests on.")
    scheme = achievement.grading_scheme
    if scheme is not None and any(value is not None for value in (scheme.min, scheme.max, scheme.pass_, scheme.values)):
        yield Omission("achievement.gradingScheme", "ELMO has the title of a grading scheme, not its values.")


def list_portfolio_omissions(portfolio: Portfolio, version: ElmoVersion) -> Iterator[Omission]:
    """Yield what of a portfolio is not in its transcript."""
    for index, credential in enumerate(portfolio.credentials):
        if credential.status != "active":
            reason = f"It is {credential.status}, and a transcript has the results that count."
            yield Omission(f"credentials[{index}]", reason)
    if version == "1.7":
        for index, _ in enumerate(portfolio.recognitions):
            yield Omission(f"recognitions[{index}]", "ELMO 1.7 has no decisions on recognition; version 2.0 has.")
        return
    for index, recognition in enumerate(portfolio.recognitions):
        yield Omission(f"recognitions[{index}].purpose", _NO_FIELD)
        for place, grant in enumerate(recognition.grants):
            for name in ("grounds", "conditions"):
                if getattr(grant, name):
                    yield Omission(f"recognitions[{index}].grants[{place}].{name}", _NO_FIELD)
            yield Omission(f"recognitions[{index}].grants[{place}].gradeTransfer", _NO_FIELD)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
