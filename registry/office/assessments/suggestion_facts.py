"""The facts on which a suggested difference rests: where one of them changes, it is another reason."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from registry.office.assessments.offered import Offered, Requirement
from registry.wire.recognition import Difference


class _Fields(NamedTuple):
    """Names of fields that a suggestion depends on."""

    offered: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


_FIELDS: Final[Mapping[Difference, _Fields]] = {
    "lowerLevel": _Fields(("eqf_level",), ("eqf_level",)),
    "levelNotEstablished": _Fields(("eqf_level", "level_basis")),
    "noAccessToRequestedLevel": _Fields(("eqf_level",), ("access_to",)),
    "substantiallyLess": _Fields(("ects", "workload_hours"), ("ects", "workload_share")),
    "notEstablished": _Fields(),
    "providerNotRecognised": _Fields(("issuer", "issuer_when_issued")),
    "notQualityAssured": _Fields(("issuer", "accredited")),
    "assessmentNotSummative": _Fields(("assessments",)),
    "notSupervised": _Fields(("supervision",)),
    "identityNotVerified": _Fields(("identity_verified",)),
    "differentField": _Fields(("fields_of_education",), ("fields_of_education",)),
    "practiceMissing": _Fields(),
    "researchMissing": _Fields(),
    "entryRequirementMissing": _Fields(("language",), ("language",)),
    "keyOutcomeMissing": _Fields(("learning_outcomes",), ("learning_outcomes",)),
    "notDescribed": _Fields(),
    "outdated": _Fields(("awarding_date",), ("max_age_months",)),
}


def suggestion_facts(difference: Difference, offered: Offered, requirement: Requirement) -> str:
    """Return the values that the suggestion of this difference rests on, as JSON."""
    fields = _FIELDS[difference]
    return msgspec.json.encode(
        [
            *(getattr(offered, name) for name in fields.offered),
            *(getattr(requirement, name) for name in fields.required),
        ]
    ).decode()
