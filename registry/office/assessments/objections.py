"""Objections to an assessment: what must be changed before it can be proposed.

An assessment without objections can become a decision.
"""

from collections.abc import Iterator, Sequence

import msgspec

from registry.office.assessments.assessment import MILDER, WHY_NOT, AssessedCredential, Assessment, ProposedGrant
from registry.office.assessments.comparison import ELEMENTS, Element
from registry.office.assessments.grant_limits import credit_objections, level_objections
from registry.office.assessments.offered import Offered, Requirement
from registry.office.basis import names_openly
from registry.office.errors import Objection
from registry.wire.recognition import DIFFERENCES, Basis, Grant, Purpose


def find_objections(assessment: Assessment, basis: Sequence[Basis] = ()) -> list[Objection]:
    """Return all objections to an assessment; none where it can be proposed.

    `basis` are the bases as the decision will name them, once that is known.
    """
    return list(_objections(assessment, basis))


def find_grant_objections(
    purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant], basis: Sequence[Basis] = ()
) -> list[Objection]:
    """Return all objections to grants without an assessment; the indices in their `from` are places in `offered`.

    A grant is judged as with an assessment that names only its grounds. Paths begin with `$.grants`.
    """
    return [
        msgspec.structs.replace(each, path=each.path.replace("$.proposed[", "$.grants[", 1).replace("].grant", "]", 1))
        for each in _grants_objections(purpose, offered, grants, basis)
    ]


def _grants_objections(
    purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant], basis: Sequence[Basis]
) -> Iterator[Objection]:
    for index, grant in enumerate(grants):
        where = f"$.proposed[{index}].grant"
        if any(place >= len(offered) for place in grant.from_):
            continue  # the rules of docs/events.md refuse it
        elements = [
            Element(
                name=name,
                original="",
                required="",
                named=[ground.difference for ground in grant.grounds or () if ground.aspect == name],
            )
            for name in ELEMENTS
        ]
        assessed = [AssessedCredential(offered[place], Requirement(), elements) for place in grant.from_]
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
            yield Objection(f"$.assessed[{index}]", "nothingGranted", "no grant rests on this credential: add one")
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
            yield Objection(where, "elementMissing", f"assess the element {name} once")
    for index, element in enumerate(elements):
        for difference in element.named:
            if difference not in DIFFERENCES[element.name]:
                allowed = ", ".join(sorted(DIFFERENCES[element.name]))
                detail = f"{difference} is not a difference in {element.name}; use one of {allowed}"
                yield Objection(f"{where}[{index}].named", "differenceOfAnotherAspect", detail)


def _grant_objections(where: str, grant: Grant, assessed: Sequence[AssessedCredential]) -> Iterator[Objection]:
    named = {
        (element.name, difference) for each in assessed for element in each.elements for difference in element.named
    }
    for index, ground in enumerate(grant.grounds or ()):
        if ground.aspect != "formal" and (ground.aspect, ground.difference) not in named:
            detail = f"{ground.aspect}:{ground.difference} is not named in any element that this grant rests on"
            yield Objection(f"{where}.grounds[{index}]", "differenceNotNamed", detail)
    if grant.outcome == "full" and (named or grant.grounds):
        differences = ", ".join(sorted(f"{aspect}:{difference}" for aspect, difference in named)) or "grounds"
        detail = f"recognised in full in spite of {differences}: name only substantial differences"
        yield Objection(f"{where}.outcome", "fullDespiteDifference", detail)
    if grant.outcome == "alternative" and grant.towards is None and grant.eqf_level is None:
        yield Objection(where, "alternativeToWhat", "name the programme or the level that is granted instead")
    for index, condition in enumerate(grant.conditions or ()):
        if condition.code == "additionalCredits" and not condition.ects:
            yield Objection(
                f"{where}.conditions[{index}].ects", "howManyCredits", "state the number of additional credits"
            )


def _authenticity_objections(where: str, grant: Grant, assessed: Sequence[AssessedCredential]) -> Iterator[Objection]:
    grounds = {(ground.aspect, ground.difference) for ground in grant.grounds or ()}
    for each in assessed:
        offered = each.offered
        if offered.authentic is False:
            if grant.outcome != "refused" or grounds != {("formal", "notAuthentic")}:
                detail = "a forgery is refused as formal:notAuthentic, and on no other ground"
                yield Objection(where, "forgeryNotRefused", detail)
        elif ("formal", "notAuthentic") in grounds and offered.authentic and len(assessed) == 1:
            yield Objection(where, "authentic", "it is authentic: the log or its issuer says so")
        elif offered.status == "revoked" and grant.outcome != "refused":
            yield Objection(where, "revoked", "it was revoked; refuse it as formal:revoked")
        elif offered.status in ("suspended", "replaced") and grant.outcome != "refused":
            advice = (
                "wait for its issuer's decision" if offered.status == "suspended" else "assess the one that replaced it"
            )
            yield Objection(where, offered.status, f"it is {offered.status}; {advice}")


def _refusal_objections(where: str, proposed: ProposedGrant) -> Iterator[Objection]:
    grounds = {(ground.aspect, ground.difference) for ground in proposed.grant.grounds or ()}
    if not grounds:
        detail = "a refusal names a substantial difference or a formal ground"
        yield Objection(f"{where}.grant.grounds", "groundMissing", detail)
    if grounds == {("formal", "notAuthentic")}:
        return  # nothing milder than a refusal is possible for a forgery
    formal = any(aspect == "formal" for aspect, _ in grounds)
    why = {each.outcome: each.not_possible for each in proposed.considered}
    for outcome in MILDER:
        if outcome not in why:
            detail = f"say why {outcome} recognition was not possible: one of {', '.join(sorted(WHY_NOT[outcome]))}"
            yield Objection(f"{where}.considered", "milderNotConsidered", detail)
        elif why[outcome] not in WHY_NOT[outcome]:
            detail = (
                f"{why[outcome]} is not a reason against {outcome}; use one of {', '.join(sorted(WHY_NOT[outcome]))}"
            )
            yield Objection(f"{where}.considered", "notThatReason", detail)
        elif why[outcome] == "formalGround" and not formal:
            yield Objection(f"{where}.considered", "noFormalGround", "no formal ground is named")
