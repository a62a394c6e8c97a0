"""The facts that no page of a certificate or a transcript shows."""

from collections.abc import Collection, Sequence
from typing import Final

from registry.export.document import Attachment, Omission
from registry.export.facts import PortableCredential, Portfolio

_NAMES: Final = frozenset({"familyName", "givenName", "dateOfBirth"})
_ON_CERTIFICATES: Final = _NAMES | {"grade", "originalGrade", "note"}
_ON_TRANSCRIPTS: Final = _ON_CERTIFICATES | {"studentNumber"}
_REASONS: Final = {
    "studentNumber": "A certificate goes to people outside the university, who do not need the student number.",
    "nationalId": "A page that is shown to many should not carry a national identification number.",
    "cnf": "A holder's key has a meaning in a wallet's document alone.",
}
_UNSHOWN: Final = "The pages do not show it."
_ATTACHED: Final = "The pages do not show it; see the files inside the PDF."


def omit_facts(credential: PortableCredential, attachments: Sequence[Attachment]) -> list[Omission]:
    """Return the facts of a credential that its certificate leaves out. `attachments` may carry them."""
    issuer = credential.issuer.content
    only_here = {
        "issuer.identifiers": bool(issuer.identifiers),
        "issuer.accreditations": bool(issuer.accreditations),
    }
    return _omissions(credential.claims.keys() - _ON_CERTIFICATES, _unshown(credential) | only_here, attachments)


def omit_portfolio(portfolio: Portfolio, attachments: Sequence[Attachment]) -> list[Omission]:
    """Return the facts of a portfolio that its transcript leaves out, each path once."""
    claims = {name for credential in portfolio.credentials for name in credential.claims}
    facts: dict[str, bool] = {}
    for credential in portfolio.credentials:
        only_here = {
            "place": credential.place is not None,
            "achievement.description": credential.achievement.description is not None,
        }
        for path, exists in (_unshown(credential) | only_here).items():
            facts[path] = facts.get(path, False) or exists
    grants = [grant for recognition in portfolio.recognitions for grant in recognition.grants]
    facts |= {
        "recognitions.grants.grounds": any(grant.grounds for grant in grants),
        "recognitions.grants.conditions": any(grant.conditions for grant in grants),
        "recognitions.grants.gradeTransfer": bool(grants),
        "recognitions.decision": bool(grants),
    }
    return _omissions((claims | portfolio.person.keys()) - _ON_TRANSCRIPTS, facts, attachments)


def _unshown(credential: PortableCredential) -> dict[str, bool]:
    """Return the facts that neither page shows, and whether this credential has them."""
    achievement = credential.achievement
    return {
        "learner": True,
        "disclosures": bool(credential.disclosures),
        "achievement.composition": achievement.composition is not None,
        "achievement.learningOutcomes.escoSkills": any(each.esco_skills for each in achievement.learning_outcomes),
        "achievement.qualityAssurance.report": any(each.report for each in achievement.quality_assurance),
        "parts.by": any(each.part.by is not None for each in credential.parts),
    }


def _omissions(claims: Collection[str], facts: dict[str, bool], attachments: Sequence[Attachment]) -> list[Omission]:
    reason = _ATTACHED if attachments else _UNSHOWN
    omitted = [Omission(f"claims.{name}", _REASONS.get(name, reason)) for name in sorted(claims)]
    return omitted + [Omission(path, reason) for path, exists in facts.items() if exists]
