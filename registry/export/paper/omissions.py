"""The facts of a credential that no page shows."""

from collections.abc import Sequence
from typing import Final

from registry.export.document import Omission
from registry.export.facts import PortableCredential
from registry.export.paper.sheet import PdfAttachment

_SHOWN: Final = frozenset({"familyName", "givenName", "dateOfBirth", "grade", "originalGrade", "note"})
_REASONS: Final = {
    "studentNumber": "A certificate goes to people outside the university, who do not need the student number.",
    "nationalId": "A page that is shown to many should not carry a national identification number.",
    "cnf": "A holder's key has a meaning in a wallet's document alone.",
}


def omit_facts(
    credential: PortableCredential, attachments: Sequence[PdfAttachment], shown: frozenset[str] = _SHOWN
) -> list[Omission]:
    """Return what the pages leave out. `attachments` may carry it; what they leave out themselves is theirs to say."""
    achievement = credential.achievement
    other = "A page does not show it." if not attachments else "A page does not show it; see the files inside the PDF."
    omitted = [
        Omission(f"claims.{name}", _REASONS.get(name, other)) for name in credential.claims if name not in shown
    ]
    facts = {
        "learner": True,
        "disclosures": bool(credential.disclosures),
        "achievement.composition": achievement.composition is not None,
        "achievement.learningOutcomes.escoSkills": any(each.esco_skills for each in achievement.learning_outcomes),
        "achievement.qualityAssurance.report": any(each.report for each in achievement.quality_assurance),
        "issuer.identifiers": bool(credential.issuer.content.identifiers),
        "issuer.accreditations": bool(credential.issuer.content.accreditations),
        "parts.by": any(each.part.by is not None for each in credential.parts),
    }
    return omitted + [Omission(path, other) for path, exists in facts.items() if exists]
