"""The facts of a credential that the European Learning Model has no property for."""

from collections.abc import Iterator
from typing import Final

from registry.export.document import Copy, Omission
from registry.export.elm_nodes import eidas_number, language_concept
from registry.export.facts import PortableCredential
from registry.wire.achievements import AchievementContent

_NO_PROPERTY: Final = "The model has no property for it."


def list_omissions(credential: PortableCredential, copy: Copy) -> Iterator[Omission]:
    """Yield the facts of a credential that its European Digital Credential does not have."""
    yield from list_achievement_omissions(credential.achievement)
    if credential.status == "suspended":
        yield Omission("status", "A status is asked of the issuer; an unsealed document names no list.")
    if credential.claims.get("nationalId"):
        yield Omission("claims.nationalId", "The model requires the country of a national number, which is not known.")
    if eidas_number(credential.issuer) is None:
        yield Omission(
            "issuer.eIDASIdentifier",
            "Governance names no register or VAT number of the issuer; the profile requires it, and sealing adds it.",
        )
    for name in ("originalGrade", "note", "cnf"):
        if credential.claims.get(name) is not None:
            yield Omission(f"claims.{name}", _NO_PROPERTY)
    if credential.disclosures:
        yield Omission("disclosures", "The document says the claims openly; the disclosures are a file of their own.")
    if copy.tie != "open":
        yield Omission("credential", "The id on the log is written only in a copy with an open tie to the log.")
        if credential.place is not None:
            yield Omission("place.receipt", "The receipt names the id on the log, to which this copy has no open tie.")
    for index, part in enumerate(credential.parts):
        if part.achievement is None:
            yield Omission(f"parts[{index}]", "Its achievement is not known here, and the model needs its title.")
        if part.part.by is not None:
            yield Omission(f"parts[{index}].by", _NO_PROPERTY)


def list_achievement_omissions(achievement: AchievementContent) -> Iterator[Omission]:
    """Yield the facts of an achievement that a `Qualification` does not have."""
    if achievement.kind != "microCredential":
        yield Omission("achievement.kind", "The profile has no list of these kinds.")
    for name, value in (
        ("hoursPerEcts", achievement.hours_per_ects),
        ("qfEheaCycle", achievement.qf_ehea_cycle),
        ("partners", achievement.partners),
        ("composition", achievement.composition),
        ("stackability", achievement.stackability),
    ):
        if value:
            yield Omission(f"achievement.{name}", _NO_PROPERTY)
    if achievement.supervision in ("online", "onsite"):
        yield Omission("achievement.supervision", "The list does not say whether supervision was online or on site.")
    if achievement.supervision != "none" and not achievement.identity_verified:
        yield Omission("achievement.identityVerified", "The list has no supervision without a check of identity.")
    if any(language_concept(tag) is None for tag in achievement.language):
        yield Omission("achievement.language", "The Publications Office has no code for one of the languages.")
    if achievement.level_basis is not None and (achievement.level_basis == "referenced") != bool(achievement.nqf_level):
        yield Omission("achievement.levelBasis", "The model does not say what a level rests on.")
    scheme = achievement.grading_scheme
    if scheme is not None and any(value is not None for value in (scheme.min, scheme.max, scheme.pass_, scheme.values)):
        yield Omission("achievement.gradingScheme", "The model has the title of a grading scheme, not its values.")
