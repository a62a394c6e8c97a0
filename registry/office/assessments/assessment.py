"""An assessment: the comparison of each credential with a requirement, and the grants that it proposes."""

from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

from registry.office.assessments.comparison import Element
from registry.office.assessments.offered import Offered, Requirement
from registry.wire.recognition import Condition, Effect, Grant, Ground, Purpose

Milder = Literal["partial", "conditional", "alternative"]
MILDER: Final[tuple[Milder, ...]] = get_args(Milder)
NotPossible = Literal[
    "formalGround", "nothingComparable", "wholeOnly", "noConditionSuffices", "conditionNotOffered",
    "noAlternative", "declinedByApplicant",
]  # fmt: skip
WHY_NOT: Final[dict[Milder, frozenset[NotPossible]]] = {
    "partial": frozenset({"formalGround", "nothingComparable", "wholeOnly", "declinedByApplicant"}),
    "conditional": frozenset({"formalGround", "noConditionSuffices", "conditionNotOffered", "declinedByApplicant"}),
    "alternative": frozenset({"formalGround", "nothingComparable", "noAlternative", "declinedByApplicant"}),
}
"""The reasons that can rule out each milder outcome before a refusal."""


class ConsideredOutcome(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A milder outcome that was considered before a refusal, and the reason why it was not possible."""

    outcome: Milder
    not_possible: NotPossible


class AssessedCredential(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One credential: what it offers, what is required, and the five elements with the assessor's findings."""

    offered: Offered
    requirement: Requirement
    elements: list[Element]


class ProposedGrant(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A grant as it will be published; for a refusal, with the milder outcomes that were considered."""

    grant: Grant
    considered: list[ConsideredOutcome] = []
    measures: list[Condition] = []
    """Steps that the applicant can take to have more recognised later. Printed, not published."""


class Assessment(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A complete assessment. The indices in `from` of its grants are places in `assessed`."""

    purpose: Purpose
    effect: Effect
    assessed: list[AssessedCredential]
    proposed: list[ProposedGrant]


def named_grounds(elements: Iterable[Element]) -> list[Ground]:
    """Return the differences that the assessor names, as grounds of a grant."""
    return [Ground(element.name, difference) for element in elements for difference in element.named]
