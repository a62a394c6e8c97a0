"""An assessment: what was compared, what the office names, and what it proposes to grant.

`objections` says what must be mended before an assessment can be proposed; an empty list is the way to a decision.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, get_args

import msgspec

from registry.office.assessments.comparing import ELEMENTS, Element, ElementName, Suggestion, compare
from registry.office.assessments.granting import credit_objections, level_objections
from registry.office.assessments.offered import Accredited, Offered, Requirement, requirement_of
from registry.office.basis import names_openly
from registry.office.errors import Objection
from registry.wire.recognition import DIFFERENCES, Basis, Condition, Effect, Grant, Ground, Outcome, Purpose

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
"""Why each milder outcome was not possible, before something is refused."""


class Considered(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A milder outcome that was considered before a refusal, and why it was not possible."""

    outcome: Milder
    not_possible: NotPossible


class Assessed(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One basis: what was offered, what is asked for, and the five elements with what the assessor names."""

    offered: Offered
    requirement: Requirement
    elements: list[Element]


class Proposed(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A grant that is proposed, as it will be published; of a refusal also what was considered before it."""

    grant: Grant
    considered: list[Considered] = []
    measures: list[Condition] = []
    """What the applicant can do to have more recognised later. It is printed in the letter, and not published."""


class Assessment(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A whole assessment. The indices in `from` of its grants are places in `assessed`."""

    purpose: Purpose
    effect: Effect
    assessed: list[Assessed]
    proposed: list[Proposed]


def named_grounds(elements: Iterable[Element]) -> list[Ground]:
    """The differences that were named, as grounds of a grant."""
    return [Ground(element.name, difference) for element in elements for difference in element.named]


def objections(assessment: Assessment, basis: Sequence[Basis] = ()) -> list[Objection]:
    """What must be mended before this can be proposed, with where; empty where nothing is in the way.

    `basis`: as the decision will name its bases, once that is known.
    """
    return list(_objections(assessment, basis))


def short_objections(
    purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant], basis: Sequence[Basis] = ()
) -> list[Objection]:
    """What must be mended in grants that rest on no assessment; the indices in their `from` are places in `offered`.

    A grant is judged as with an assessment that names its grounds and nothing else. Paths are those of `$.grants`.
    """
    return [
        msgspec.structs.replace(each, path=each.path.replace("$.proposed[", "$.grants[", 1).replace("].grant", "]", 1))
        for each in _short_objections(purpose, offered, grants, basis)
    ]


def _short_objections(
    purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant], basis: Sequence[Basis]
) -> Iterator[Objection]:
    for index, grant in enumerate(grants):
        where = f"$.proposed[{index}].grant"
        if any(place >= len(offered) for place in grant.from_):
            continue  # the rules of docs/events.md say so
        elements = [
            Element(
                name=name,
                original="",
                required="",
                named=[ground.difference for ground in grant.grounds or () if ground.aspect == name],
            )
            for name in ELEMENTS
        ]
        assessed = [Assessed(offered[place], Requirement(), elements) for place in grant.from_]
        yield from _grant_objections(where, grant, assessed)
        yield from _authenticity_objections(where, grant, assessed)
        yield from level_objections(where, grant, [each.offered for each in assessed])
    yield from credit_objections(purpose, offered, grants)
    yield from _basis_objections(purpose, grants, basis)


def _objections(assessment: Assessment, basis: Sequence[Basis]) -> Iterator[Objection]:
    if not assessment.assessed:
        yield Objection("$.assessed", "nothingAssessed", "nothing was assessed")
    if not assessment.proposed:
        yield Objection("$.proposed", "nothingProposed", "nothing is proposed")
    if assessment.purpose == "employment" and assessment.effect != "advisory":
        yield Objection("$.effect", "notAdvisory", "a statement for employment is advisory")
    for index, each in enumerate(assessment.assessed):
        yield from _element_objections(f"$.assessed[{index}].elements", each.elements)
        if not any(index in proposed.grant.from_ for proposed in assessment.proposed):
            yield Objection(f"$.assessed[{index}]", "nothingGranted", "no grant says what comes of this")
    for index, proposed in enumerate(assessment.proposed):
        where = f"$.proposed[{index}]"
        if (fault := proposed.grant.fault(len(assessment.assessed))) is not None:
            yield Objection(f"{where}.grant{fault[0]}", "form", fault[1])
            if fault[0].startswith(".from"):
                continue
        from_ = [assessment.assessed[place] for place in proposed.grant.from_]
        yield from _grant_objections(f"{where}.grant", proposed.grant, from_)
        yield from _authenticity_objections(f"{where}.grant", proposed.grant, from_)
        if proposed.grant.outcome == "refused":
            yield from _refusal_objections(where, proposed)
        yield from level_objections(f"{where}.grant", proposed.grant, [each.offered for each in from_])
    offered, grants = [each.offered for each in assessment.assessed], [each.grant for each in assessment.proposed]
    yield from credit_objections(assessment.purpose, offered, grants)
    yield from _basis_objections(assessment.purpose, grants, basis)


def _basis_objections(purpose: Purpose, grants: Sequence[Grant], basis: Sequence[Basis]) -> Iterator[Objection]:
    if not names_openly(purpose, [grant.outcome for grant in grants]):
        for index, each_basis in enumerate(basis):
            if each_basis.credential is not None:
                detail = "a refusal, or a decision for admission or employment, names the credential by digest only"
                yield Objection(f"$.basis[{index}].credential", "namesSomebody", detail)


def _element_objections(where: str, elements: Sequence[Element]) -> Iterator[Objection]:
    names = [element.name for element in elements]
    for name in ELEMENTS:
        if names.count(name) != 1:
            yield Objection(where, "elementMissing", f"the element {name} is to be looked at, once")
    for index, element in enumerate(elements):
        for difference in element.named:
            if difference not in DIFFERENCES[element.name]:
                known = ", ".join(sorted(DIFFERENCES[element.name]))
                detail = f"{difference} is no difference in {element.name}; one of {known}"
                yield Objection(f"{where}[{index}].named", "differenceOfAnotherAspect", detail)


def _grant_objections(where: str, grant: Grant, assessed: Sequence[Assessed]) -> Iterator[Objection]:
    named = {(element.name, one) for each in assessed for element in each.elements for one in element.named}
    for index, ground in enumerate(grant.grounds or ()):
        if ground.aspect != "formal" and (ground.aspect, ground.difference) not in named:
            detail = f"{ground.aspect}:{ground.difference} is named in no element of what this grant rests on"
            yield Objection(f"{where}.grounds[{index}]", "differenceNotNamed", detail)
    if grant.outcome == "full" and (named or grant.grounds):
        told = ", ".join(sorted(f"{aspect}:{difference}" for aspect, difference in named)) or "grounds"
        detail = f"recognised in full, and yet there is {told}: a difference that is not substantial is not named"
        yield Objection(f"{where}.outcome", "fullDespiteDifference", detail)
    if grant.outcome == "alternative" and grant.towards is None and grant.eqf_level is None:
        yield Objection(where, "alternativeToWhat", "name the programme or the level that is granted instead")
    for index, condition in enumerate(grant.conditions or ()):
        if condition.code == "additionalCredits" and not condition.ects:
            yield Objection(f"{where}.conditions[{index}].ects", "howManyCredits", "how many additional credits?")


def _authenticity_objections(where: str, grant: Grant, assessed: Sequence[Assessed]) -> Iterator[Objection]:
    grounds = {(ground.aspect, ground.difference) for ground in grant.grounds or ()}
    for each in assessed:
        offered = each.offered
        if offered.authentic is False:
            if grant.outcome != "refused" or grounds != {("formal", "notAuthentic")}:
                detail = "what is forged is refused as formal:notAuthentic, and for nothing else"
                yield Objection(where, "forgeryNotRefused", detail)
        elif ("formal", "notAuthentic") in grounds and offered.authentic and len(assessed) == 1:
            yield Objection(where, "authentic", "it is authentic: the log, or its issuer, says so")
        elif offered.status == "revoked" and grant.outcome != "refused":
            yield Objection(where, "revoked", "it was revoked; that is refused as formal:revoked")
        elif offered.status in ("suspended", "replaced") and grant.outcome != "refused":
            advice = (
                "wait until its issuer has looked"
                if offered.status == "suspended"
                else "assess the one that replaced it"
            )
            yield Objection(where, offered.status, f"it is {offered.status}; {advice}")


def _refusal_objections(where: str, proposed: Proposed) -> Iterator[Objection]:
    grounds = {(ground.aspect, ground.difference) for ground in proposed.grant.grounds or ()}
    if not grounds:
        detail = "a refusal names a substantial difference or a formal ground"
        yield Objection(f"{where}.grant.grounds", "groundMissing", detail)
    if grounds == {("formal", "notAuthentic")}:
        return  # of a forgery there is nothing milder
    formal = any(aspect == "formal" for aspect, _ in grounds)
    why = {each.outcome: each.not_possible for each in proposed.considered}
    for outcome in MILDER:
        if outcome not in why:
            detail = f"say why {outcome} recognition was not possible: one of {', '.join(sorted(WHY_NOT[outcome]))}"
            yield Objection(f"{where}.considered", "milderNotConsidered", detail)
        elif why[outcome] not in WHY_NOT[outcome]:
            detail = f"{why[outcome]} is no reason against {outcome}; one of {', '.join(sorted(WHY_NOT[outcome]))}"
            yield Objection(f"{where}.considered", "notThatReason", detail)
        elif why[outcome] == "formalGround" and not formal:
            yield Objection(f"{where}.considered", "noFormalGround", "no formal ground is named")


__all__ = [
    "ELEMENTS",
    "MILDER",
    "WHY_NOT",
    "Accredited",
    "Assessed",
    "Assessment",
    "Considered",
    "Element",
    "ElementName",
    "Milder",
    "NotPossible",
    "Objection",
    "Offered",
    "Outcome",
    "Proposed",
    "Requirement",
    "Suggestion",
    "compare",
    "named_grounds",
    "objections",
    "requirement_of",
    "short_objections",
]
