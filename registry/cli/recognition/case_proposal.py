"""Proposing a decision on a case, and its approval by a second person."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from registry.cli.account import As, who
from registry.cli.files import read_json
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.recognition.case_update import find_case, show_update
from registry.cli.recognition.case_words import CaseId, Day, Note, convert, day_of, towards_of
from registry.cli.recognition.proposals import confirmed_proposal, proposal_lines
from registry.office.cases.case_view import show_case
from registry.office.cases.decision import list_decided_subjects
from registry.office.cases.proposal_messages import Leave
from registry.office.cases.service import Office
from registry.wire.recognition import Condition, Grant, Ground, Mode, Outcome

Grants = Annotated[
    Path | None, typer.Option(help="The grants in JSON, as the decision will have them; - reads them here.")
]
GrantOutcome = Annotated[str | None, typer.Option(help=f"One grant: {', '.join(get_args(Outcome))}.")]
Ects = Annotated[float | None, typer.Option(min=0, help="The credits granted.")]
EqfLevel = Annotated[int | None, typer.Option(min=1, max=8, help="The level granted.")]
GrantMode = Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Mode))}.")]
Programme = Annotated[str | None, typer.Option(help="MEMBER/ACHIEVEMENT, or a title.")]
Grounds = Annotated[
    list[str] | None, typer.Option(help="ASPECT:DIFFERENCE, for all but full; may be given several times.")
]
Conditions = Annotated[list[str] | None, typer.Option(help="What is still to be done, for a conditional grant.")]
ApplicantNote = Annotated[str | None, typer.Option("--note", help="For the applicant; kept encrypted.")]
LeftOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER:REASON",
        help="A credential of the case that is left out of the decision, and why: the letter prints it.",
    ),
]
Override = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Why you propose this in spite of a stop; kept encrypted. The person who approves"
        f" reads and accepts it. {FROM_INPUT}",
        callback=from_input,
    ),
]


def propose(
    context: typer.Context,
    case: CaseId,
    *,
    grants: Grants = None,
    outcome: GrantOutcome = None,
    ects: Ects = None,
    eqf_level: EqfLevel = None,
    mode: GrantMode = "recognised",
    towards: Programme = None,
    ground: Grounds = None,
    condition: Conditions = None,
    note: ApplicantNote = None,
    leave: LeftOut = None,
    override: Override = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Propose what to grant: the assessment's proposal, else one grant on all credentials by options, or --grants.

    A proposal is stopped by: a credential that is not active, an issuer that denies it, another holder, a
    suggested difference that nobody answered. Without an assessment the letter says *not assessed*.

    Examples: registry case propose 2026/00017
    registry case propose 2026/00017 --outcome full --ects 5
    registry case propose 2026/00017 --outcome partial --ects 3 --ground workload:substantiallyLess
    registry case propose 2026/00017 --grants grants.json
    registry case propose 2026/00017 --outcome full --ects 5 --leave "1:You submitted it for information only."
    """
    office, case_id = find_case(context, case, refresh=True)
    left = [_leave(text) for text in leave or ()]
    proposed: list[Grant] = []
    if grants is not None:
        proposed = read_json(grants, list[Grant])
    elif outcome is not None:
        values = {
            "outcome": outcome,
            "mode": mode,
            "gradeTransfer": "none",
            "ects": int(ects) if ects is not None and ects == int(ects) else ects,
            "eqfLevel": eqf_level,
            "towards": towards_of(node_of(context), towards) if towards else None,
            "grounds": [_ground(text) for text in ground] if ground else None,
            "conditions": [convert({"code": code}, Condition, "--condition") for code in condition or ()] or None,
        }
        proposed = [_build_grant(office, case_id, left, values)]
    update = office.propose(case_id, proposed, who(by), day_of(on), note, leave=left, override=override)
    show_update(update, as_json=as_json)


def _build_grant(office: Office, case_id: str, left: list[Leave], values: dict[str, Any]) -> Grant:
    """Build a grant on all credentials of a case but those left out, towards its only programme if none is named."""
    case = office.registry.case(case_id)
    values |= {"from": list_decided_subjects(case, [each.subject for each in left])}
    if values["towards"] is None and case.data.towards is not None and len(case.data.towards) == 1:
        values["towards"] = case.data.towards[0]
    grant: Grant = convert({name: value for name, value in values.items() if value is not None}, Grant, "--outcome")
    return grant


def approve(
    context: typer.Context,
    case: CaseId,
    *,
    proposal: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The id of the proposal that you read, as `case show` and `case propose` print it. At a terminal the"
            " proposal is shown, and you are asked.",
        ),
    ] = None,
    accept_override: Annotated[
        bool, typer.Option("--accept-override", help="You have read the reason of the override, and accept it.")
    ] = False,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Approve the proposal, as another person than the one who made it. It is printed whole, with its overrides.

    Name the proposal that you read: if the case has another one by now, nothing is approved.

    Example: registry case approve 2026/00017 --actor l.holm --proposal 5d41402a
    """
    office, case_id = find_case(context, case, refresh=True)
    view = show_case(office, case_id)
    for line in proposal_lines(view):
        errors.print(line, markup=False, highlight=False)
    person, proposal_id = who(by), proposal or confirmed_proposal(view)
    update = office.approve(case_id, person, day_of(on), proposal_id=proposal_id, accept_override=accept_override)
    show_update(update, as_json=as_json)


def return_(
    context: typer.Context,
    case: CaseId,
    *,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Return the proposal, so that another one can be made.

    Example: registry case return 2026/00017 --note "Has the syllabus been looked at?"
    """
    office, case_id = find_case(context, case)
    show_update(office.return_(case_id, who(by), day_of(on), note), as_json=as_json)


def _leave(text: str) -> Leave:
    number, colon, reason = text.partition(":")
    if not (colon and number.strip().isascii() and number.strip().isdigit() and reason.strip()):
        raise typer.BadParameter(f"{text!r} is not NUMBER:REASON, such as 1:…", param_hint="--leave")
    leave: Leave = convert({"subject": int(number), "reason": reason.strip()}, Leave, "--leave")
    return leave


def _ground(text: str) -> Ground:
    aspect, colon, difference = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"{text!r} is not ASPECT:DIFFERENCE", param_hint="--ground")
    ground: Ground = convert({"aspect": aspect, "difference": difference}, Ground, "--ground")
    return ground
