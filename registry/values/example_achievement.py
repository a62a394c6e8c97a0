"""The achievement that templates, examples of the API and tests begin with."""

from typing import Any, Final

EXAMPLE_ACHIEVEMENT: Final[dict[str, Any]] = {
    "kind": "microCredential",
    "title": {"en": "Data literacy"},
    "learningOutcomes": [{"title": {"en": "Reads, questions and explains data"}}],
    "creditBearing": True,
    "ects": 5,
    "workloadHours": 140,
    "eqfLevel": 6,
    "levelBasis": "referenced",
    "fieldsOfEducation": ["0612"],
    "language": ["en"],
    "learningSetting": "formal",
    "participation": ["blended"],
    "assessments": ["projectWork"],
    "supervision": "onsite",
    "identityVerified": True,
    "qualityAssurance": [{"type": "institutionalQA", "agency": "NVAO"}],
    "stackability": "stackable",
}
"""A complete example of credit-bearing learning, without placeholders."""
