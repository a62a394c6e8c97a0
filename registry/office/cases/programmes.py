"""Checks that a proposal rests on a comparison with its own programme's requirement."""

from collections.abc import Iterator, Sequence

import msgspec

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_errors import AssessmentObjections
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.offered import Requirement
from registry.office.assessments.requirements import (
    is_same_programme,
    programme_title,
    programmes_of_grant,
    requirement_changes,
    requirement_of_programme,
)
from registry.office.cases.decision import subject_in_words
from registry.office.cases.stops import Stop
from registry.wire.recognition import Grant, Towards


def check_programme_named(registry: Registry, case: Case, grants: Sequence[Grant]) -> None:
    """Check that each grant says which of several programmes it counts towards. Raises `AssessmentObjections`."""
    towards = case.data.towards or []
    if len(towards) < 2:
        return
    for number, grant in enumerate(grants):
        if grant.towards is None and not is_formally_refused(grant):
            titles = "; ".join(programme_title(registry, programme) for programme in towards)
            raise AssessmentObjections(
                f"the case is for {len(towards)} programmes ({titles}): say which one this grant is about; what"
                " is granted for several is a grant for each",
                f"$.grants[{number}].towards",
            )


def programme_stops(registry: Registry, case: Case, grants: Sequence[Grant], assessment: Assessment) -> list[Stop]:
    """Return where an assessment compared a credential with something else than what a grant is about."""
    return [
        stop
        for grant in grants
        if not is_formally_refused(grant)
        for number in grant.from_
        if number < len(assessment.assessed)
        for stop in _stops_of_credential(registry, case, grant, number, assessment.assessed[number].requirement)
    ]


def _stops_of_credential(
    registry: Registry, case: Case, grant: Grant, number: int, stated: Requirement
) -> Iterator[Stop]:
    programmes = programmes_of_grant(case, grant)
    if grant.outcome == "alternative":  # it grants something else than what was applied for, and compared with
        programmes = [*programmes, *(case.data.towards or ())]
    if not programmes:
        return
    requirements = [(programme, requirement_of_programme(registry, programme)) for programme in programmes]
    compared = [required for programme, required in requirements if _is_compared(stated, programme, required)]
    what = subject_in_words(case, number)
    if not compared:
        assert stated.towards is not None  # noqa: S101 - else it would be compared with any
        about = "the grant is" if grant.towards is not None else "the case is"
        yield Stop(
            "comparedWithOther",
            number,
            f"{what} was compared with {programme_title(registry, stated.towards)}, and {about} for"
            f" {programme_title(registry, programmes[0])}: compare and assess it again",
            (_to_json(stated.towards), _to_json(programmes[0])),
        )
    elif all(required is not None and requirement_changes(required, stated) for required in compared):
        required = next(each for each in compared if each is not None)
        yield Stop(
            "requirementDiffers",
            number,
            f"{what}: the assessment asks for something else than {programme_title(registry, programmes[0])} does:"
            f" {', '.join(requirement_changes(required, stated))}. Assess it again with what the programme asks for",
            (_to_json(required), _to_json(stated)),
        )


def _to_json(value: Requirement | Towards) -> str:
    return msgspec.json.encode(value).decode()


def _is_compared(stated: Requirement, programme: Towards, required: Requirement | None) -> bool:
    """Return whether a stated requirement is this programme's; one without a programme fits any."""
    if stated.towards is None:
        return True
    names = [programme, *([required.towards] if required is not None and required.towards is not None else [])]
    return any(is_same_programme(stated.towards, each) for each in names)


def programme_notes_of_grants(registry: Registry, case: Case, grants: Sequence[Grant]) -> list[str]:
    """Return in sentences which grants count towards a programme that the application does not name."""
    applied_for = case.data.towards or []
    notes = []
    for grant in grants:
        towards = grant.towards
        if (
            towards is None
            or grant.outcome == "alternative"
            or any(is_same_programme(towards, programme) for programme in applied_for)
        ):
            continue
        titles = " and ".join(programme_title(registry, programme) for programme in applied_for) or "no programme"
        notes.append(f"the grant counts towards {programme_title(registry, towards)}; the application names {titles}")
    return list(dict.fromkeys(notes))


def is_formally_refused(grant: Grant) -> bool:
    """Return whether a grant refuses on a formal ground, which is about the credential and no programme."""
    return grant.outcome == "refused" and any(ground.aspect == "formal" for ground in grant.grounds or ())
