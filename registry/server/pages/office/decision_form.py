"""The decision form of a case: the assessor's findings and one grant for each credential. Pure.

Fields carry the number of the credential, counted from 0, for example `outcome-0` and `level-0`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec

from registry.office.assessments.assessment import (
    MILDER,
    AssessedCredential,
    Assessment,
    ConsideredOutcome,
    ProposedGrant,
    named_grounds,
)
from registry.office.assessments.comparison import Element
from registry.office.cases.decision_draft import DRAFT_KIND, DecisionDraft, last_draft
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.rows import Written
from registry.server.pages.forms import read_number
from registry.wire.recognition import Condition, GradeTransfer, Grant, Mode, Outcome

OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
MODES: Final[tuple[str, ...]] = get_args(Mode)
GRADE_TRANSFERS: Final[tuple[str, ...]] = get_args(GradeTransfer)
CONDITIONS: Final[tuple[str, ...]] = get_args(Condition.__annotations__["code"])
LEAVE: Final = "leave"
"""In the place of an outcome: the credential is left out of the decision."""
STOPS_SHOWN: Final = "stops-shown"
"""The field of a form that shows the stops which its override is about."""
_FORMAL: Final = "formal"


def read_decision(typed: Mapping[str, str], draft: Assessment) -> Assessment:
    """Return the draft with the findings and the grants of the form. Raises `msgspec.ValidationError`.

    A credential without an outcome, or that is left out, gets no grant.
    """
    assessed = [_read_credential(typed, number, each) for number, each in enumerate(draft.assessed)]
    proposed = [
        ProposedGrant(_read_grant(typed, number, each), _read_considered(typed, number))
        for number, each in enumerate(assessed)
        if typed.get(f"outcome-{number}") not in (None, "", LEAVE)
    ]
    return msgspec.structs.replace(draft, assessed=assessed, proposed=proposed)


def read_left(typed: Mapping[str, str], draft: Assessment) -> list[Leave]:
    """Return the credentials that the form leaves out, each with its reason. Raises `msgspec.ValidationError`."""
    return [
        msgspec.convert({"subject": number, "reason": typed.get(f"leave-{number}", "").strip()}, Leave)
        for number in range(len(draft.assessed))
        if typed.get(f"outcome-{number}") == LEAVE
    ]


def read_draft(typed: Mapping[str, str], draft: Assessment) -> DecisionDraft:
    """Return what the form says beside the assessment, finished or not. Raises `msgspec.ValidationError`."""
    leave = [
        {"subject": number, "reason": typed.get(f"leave-{number}", "").strip()}
        for number in range(len(draft.assessed))
        if typed.get(f"outcome-{number}") == LEAVE
    ]
    values = {
        "note": typed.get("letter-note", "").strip(),
        "leave": leave,
        "override": typed.get("override", "").strip(),
        "fields": {name: typed[name] for name in _fields_of_grants(len(draft.assessed)) if typed.get(name)},
    }
    return msgspec.convert(values, DecisionDraft)


def draft_fields(written: Sequence[Written]) -> dict[str, str]:
    """Return what the last draft has in the fields of its grants; nothing where it was assessed without a draft since.

    `written` are the case's texts, opened.
    """
    last = next((each.kind for each in reversed(written) if each.kind in (DRAFT_KIND, "assessment")), None)
    return dict(last_draft(written).fields) if last == DRAFT_KIND else {}


def _fields_of_grants(credentials: int) -> list[str]:
    """Return the names of the fields about the grants of the first `credentials` credentials."""
    names = (
        "outcome",
        "ects",
        "mode",
        "grade",
        "condition",
        "formal",
        LEAVE,
        *(f"considered-{each}" for each in MILDER),
    )
    return [f"{name}-{number}" for number in range(credentials) for name in names]


def grants_by_credential(assessment: Assessment) -> dict[int, ProposedGrant]:
    """Return the grants that an assessment proposes on one credential each, by the number of the credential."""
    return {each.grant.from_[0]: each for each in assessment.proposed if len(each.grant.from_) == 1}


def _read_considered(typed: Mapping[str, str], number: int) -> list[ConsideredOutcome]:
    """Return why no milder outcome than a refusal was possible, as far as the form says it."""
    if typed.get(f"outcome-{number}") != "refused":
        return []
    reasons = {outcome: typed.get(f"considered-{outcome}-{number}") for outcome in MILDER}
    return msgspec.convert(
        [{"outcome": outcome, "notPossible": reason} for outcome, reason in reasons.items() if reason],
        list[ConsideredOutcome],
    )


def _read_credential(typed: Mapping[str, str], number: int, assessed: AssessedCredential) -> AssessedCredential:
    elements = [_read_element(typed, number, element) for element in assessed.elements]
    return msgspec.structs.replace(assessed, elements=elements)


def _read_element(typed: Mapping[str, str], number: int, element: Element) -> Element:
    field = f"{element.name}-{number}"
    changes: dict[str, Any] = {
        "named": [typed[field]] if typed.get(field) else [],
        "no_difference": typed.get(f"reason-{field}", "").strip() or None,
        "note": typed.get(f"note-{field}", element.note or "").strip() or None,
    }
    return msgspec.convert(msgspec.to_builtins(msgspec.structs.replace(element, **changes)), Element)


def _read_grant(typed: Mapping[str, str], number: int, assessed: AssessedCredential) -> Grant:
    grounds = [msgspec.to_builtins(ground) for ground in named_grounds(assessed.elements)]
    if formal := typed.get(f"formal-{number}"):
        grounds.append({"aspect": _FORMAL, "difference": formal})
    outcome = typed[f"outcome-{number}"]
    condition = typed.get(f"condition-{number}")
    values: dict[str, Any] = {
        "from": [number],
        "outcome": outcome,
        "mode": typed.get(f"mode-{number}") or MODES[0],
        "gradeTransfer": typed.get(f"grade-{number}") or GRADE_TRANSFERS[0],
        "grounds": grounds if outcome != "full" else None,
        "conditions": [{"code": condition}] if condition and outcome == "conditional" else None,
        "towards": msgspec.to_builtins(assessed.requirement.towards),
    }
    if credits_typed := typed.get(f"ects-{number}", "").strip():
        values["ects"] = read_number(credits_typed)
    return msgspec.convert({name: value for name, value in values.items() if value is not None}, Grant)
