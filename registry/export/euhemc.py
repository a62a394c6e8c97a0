"""The European higher-education micro-credential (EuHEMC): a profile of the European Digital Credential.

It is the document of `elm.py` with the profile's own types, and with the notations by which it identifies concepts.
"""

from typing import Any, Final

from registry.export.document import Copy, Exported, ExportError, Omission
from registry.export.elm import MEDIA_TYPE, make_document, write_elm
from registry.export.elm_nodes import Node
from registry.export.elm_omissions import list_omissions
from registry.export.facts import PortableCredential

PROFILE: Final = "EuropeanHigherEducationMicrocredential"
_TYPES: Final = ["VerifiableCredential", "VerifiableAttestation", "EuropeanDigitalCredential", PROFILE]
_SCHEMA: Final = "https://tsr.ebsi.europa.eu/schemas/euhe-microcredential.schema.json"
_MAX_ECTS: Final = 15


def export_euhemc(credential: PortableCredential, copy: Copy, picture: bytes | None = None) -> Exported:
    """Return a credential as an unsealed micro-credential of that profile. Raises `ExportError`."""
    _check(credential)
    document = make_document(credential, copy, picture)
    document["type"] = _TYPES
    document["credentialProfiles"] = [PROFILE]
    document["credentialSchema"] = [{"id": _SCHEMA, "type": "JsonSchema"}]
    person = document["credentialSubject"]
    person["dateOfBirth"] = credential.claims["dateOfBirth"]
    for claim in person["hasClaim"]:
        _adapt_claim(claim)
    omitted = [*list_omissions(credential, copy)]
    if len(credential.awarding_bodies) > 1:
        omitted.append(Omission("awardingBodies", "The profile names one awarding body; the others are not named."))
    return Exported(write_elm(document), MEDIA_TYPE, "jsonld", tuple(omitted))


def _check(credential: PortableCredential) -> None:
    """Refuse a credential that the profile's schema excludes."""
    missing = [name for name in ("givenName", "familyName", "dateOfBirth") if not credential.claims.get(name)]
    if missing:
        raise ExportError(f"The profile needs the learner's {', '.join(missing)}. Correct the learner's data first.")
    ects = credential.ects
    if ects is None or ects != int(ects) or not 1 <= ects <= _MAX_ECTS:
        raise ExportError(
            f"The profile is for micro-credentials of 1 to {_MAX_ECTS} whole ECTS credits. Use the format elm instead."
        )
    if credential.achievement.eqf_level is None:
        raise ExportError("The profile needs an EQF level, and this achievement has none. Use the format elm instead.")


def _adapt_claim(claim: Node) -> None:
    """Give a claim, and its parts, the form of the profile."""
    specification = claim["specifiedBy"]
    specification["type"] = "LearningAchievementSpecification"
    specification["educationSubject"] = [_add_notation(field) for field in specification.pop("thematicArea")]
    specification["mode"] = [_add_notation(mode) for mode in specification.get("mode", [])]
    if "eqfLevel" in specification:
        specification["eqfLevel"] = _add_notation(specification["eqfLevel"])
    for owner, name in ((specification, "creditPoint"), (claim, "creditReceived")):
        if name in owner:
            owner[name] = [_ects(owner[name])]
    claim["awardedBy"] = _adapt_award(claim["awardedBy"])
    for proof in claim.get("provenBy", []):
        proof["awardedBy"] = claim["awardedBy"]
        proof["specifiedBy"] = [proof["specifiedBy"]]
    for part in claim.get("hasPart", []):
        _adapt_claim(part)


def _adapt_award(process: Node) -> Node:
    """Return who awarded it, with one awarding body and its country."""
    country = process["location"]["address"]["countryCode"]
    return process | {
        "awardingBody": process["awardingBody"][0],
        "location": {"id": process["location"]["id"], "type": "Place", "spatial": country},
    }


def _ects(credit: Node) -> Node:
    framework: dict[str, Any] = credit["framework"]
    return credit | {"framework": framework | {"notation": "ECTS"}}


def _add_notation(concept: Node) -> Node:
    """Return a concept with its item as notation, by which the profile identifies it."""
    return concept | {"notation": str(concept["id"]).rsplit("/", 1)[-1]}
