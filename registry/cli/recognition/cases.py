"""Cases of the recognition office: the worklist, and one case."""

from datetime import date, timedelta
from typing import Annotated, get_args

import typer

from registry.cli import ids
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, counted, print_json, say, title_of
from registry.cli.personal_input import read_personal
from registry.cli.recognition import case_actions, case_correcting
from registry.cli.recognition.case_opening import open_case
from registry.cli.recognition.case_words import case_of, credential_of
from registry.cli.recognition.letters import case_letter
from registry.cli.recognition.proposals import proposal_lines
from registry.node.adapters.office import office_of
from registry.office.cases import case_list, case_view, worklist
from registry.office.cases.views import CaseView
from registry.office.cases.words import CaseState
from registry.office.cases.worklist import CaseLine, WorklistQuery

case_app = typer.Typer(
    help="Cases of the recognition office, from an application to a decision and its appeal.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(case_app, name="case")
    case_app.command("letter")(case_letter)


NameOption = Annotated[
    bool,
    typer.Option(
        "--name",
        help="Only applicants whose name has words that begin so: the name is read from the input, or asked for,"
        " so that no other user of the machine sees it.",
    ),
]
ChangedOption = Annotated[
    bool,
    typer.Option("--changed", help="Only decided cases whose credential changed since, which nobody has acknowledged."),
]

case_app.command("open")(open_case)


@case_app.command("list")
def list_cases(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(get_args(CaseState))}.")] = None,
    assessor: Annotated[str | None, typer.Option(help="Whose proposals or assessments.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Who works on them (`case assign`).")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only those that nobody works on.")] = False,
    name: NameOption = False,
    changed: ChangedOption = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose due date has passed.")] = False,
    due_within: Annotated[int | None, typer.Option(min=0, max=3660, help="Due within this number of days.")] = None,
    credential: Annotated[str | None, typer.Option(help="MEMBER/ID: cases about this credential.")] = None,
    learner: Annotated[str | None, typer.Option(help="Cases of this learner.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=worklist.MOST, help="The largest number of cases.")] = 100,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show the worklist: the earliest due date first, with what is overdue and what changed.

    Examples: registry case list --overdue
    registry case list --assignee k.berg --due-within 14
    registry case list --changed
    registry case list --name < name.txt
    """
    node = node_of(context)
    office = office_of(node)
    today = date.today()  # noqa: DTZ011 - a day on the office's calendar
    soon, cursor = node.settings.office.due_soon_days, node.registry.cursor()
    if state is not None and state not in get_args(CaseState):
        raise typer.BadParameter(f"{state!r} is none of {', '.join(get_args(CaseState))}", param_hint="--state")
    about = credential_of(node, credential) if credential is not None else None
    query = WorklistQuery(
        state=state,
        assessor=assessor,
        overdue=overdue,
        due_by=today + timedelta(days=due_within) if due_within is not None else None,
        learner=ids.resolve(node, learner, "learner") if learner is not None else None,
        credential=(about["member"], about["credential"]) if about is not None else None,
        assignee=assignee,
        unassigned=unassigned,
    )
    page = case_list.list_cases(
        office, query, today=today, name=read_personal("Name") if name else None, changed=changed, limit=limit
    )
    counts = worklist.count_cases(cursor, today=today, soon=soon)
    waiting = case_list.count_changed(office)
    more = {"counts": counts, "changed": waiting, "notes": page.notes}
    if not print_list(page.lines, _LINE, as_json=as_json, as_csv=as_csv, wide=wide, more=more):
        return
    states = ", ".join(f"{number} {name}" for name, number in counts.states.items()) or "no cases"
    say(f"{states}; {counts.overdue} overdue, {counts.due_soon} due within {soon} days",
        style="red" if counts.overdue else None)  # fmt: skip
    if waiting:
        say(f"{counted(waiting, 'decided case')} changed since the decision: registry case list --changed", style="red")
    for note in page.notes:
        say(f"note: {note}", style="yellow")


def _credentials(line: CaseLine) -> str:
    """Return the credentials of a case, in one cell."""
    return "; ".join(f"{credential.title or 'not arrived'}, {credential.issuer}" for credential in line.credentials)


def _countries(line: CaseLine) -> str:
    return ", ".join(dict.fromkeys(each.country for each in line.credentials if each.country is not None))


def _marks(line: CaseLine) -> str:
    """Return the marks that an officer must not overlook."""
    holder = {"differs": "other person", "notChecked": "holder not checked", "partly": "holder checked in part"}
    going = line.state not in ("decided", "withdrawn", "closed")
    marks = ["changed"] if line.changed else []
    marks += ["its issuer denies it" if concern == "denied" else concern for concern in line.concerns]
    return ", ".join([*marks, *([holder[line.holder]] if going and line.holder in holder else [])])


_LINE = (
    Column("file", lambda line: line.file_number),
    Column("applicant", lambda line: line.applicant or "erased", cut=True),
    Column("credentials", _credentials, cut=True),
    Column("country", _countries),
    Column("state", lambda line: line.state),
    Column("due", lambda line: line.due),
    Column("urgency", lambda line: line.urgency),
    Column("assignee", lambda line: line.assignee),
    Column("look at", _marks),
    Column("case", lambda line: line.case, wide=True),
    Column("purpose", lambda line: line.purpose, wide=True),
    Column("assessor", lambda line: line.assessor_name or line.assessor, wide=True),
    Column("approver", lambda line: line.approver_name or line.approver, wide=True),
)


@case_app.command("show")
def show_case(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case's id or file number.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a whole case: applicant, credentials then and now, warnings, notes and history.

    Example: registry case show 2026/00017
    """
    node = node_of(context)
    office = office_of(node)
    view = case_view.show_case(office, case_of(node, office, case))
    if as_json:
        print_json(view)
        return
    _show(view)


def _show(view: CaseView) -> None:
    print_list([view.case], _LINE, as_json=False, as_csv=False, wide=True)
    person = view.applicant
    if person is None:
        say("the applicant was erased")
    else:
        names = (person.given_name, person.family_name, person.date_of_birth, person.student)
        say(f"applicant {' '.join(part for part in names if part)}, learner {person.learner}")
    for towards in view.towards:
        say(f"towards {title_of(towards.title) or f'{towards.member}/{towards.achievement}'}")
    for number, subject_view in enumerate(view.subjects):
        subject, now = subject_view.subject, subject_view.now
        if subject.external is not None:
            what = f"{subject.external.title}, {subject.external.issuer_name} ({subject.external.country})"
        elif subject.credential is not None:
            what = f"{subject.credential.member}/{subject.credential.credential}"
            what += f" {title_of(now.title)}, {now.status}" if now is not None else ", not arrived"
        paper = "" if subject.documented else ", without documents"
        removed = ", removed from the case" if number in view.removed else ""
        say(f"credential {number}: {what} ({subject.evidence}{paper}){removed}")
        if subject_view.at_decision is not None:
            then = subject_view.at_decision
            say(f"  when it was decided: {', '.join([then.status, *then.flags])}")
    for warning in view.warnings:
        say(f"note: {warning}", style="yellow")
    if any(change.acknowledged_by is None for change in view.changes):
        say("to note that you have seen what changed: registry case acknowledge CASE")
    for attached in view.attachments:
        say(f"file {attached.attachment}: {attached.kind}, {attached.media_type}, {attached.bytes:,} bytes")
    for line in proposal_lines(view):
        say(line)
    if view.outstanding:
        say(f"waits for {', '.join(view.outstanding)}")
    for enquiry in view.enquiries:
        say(f"enquiry {enquiry.enquiry} about credential {enquiry.subject}: {enquiry.answer or 'not answered'}")
    for decision in view.decisions:
        say(f"decision {decision.decision} of {decision.decision_date}")
        for grant in decision.grants:
            ects = f", {grant.ects} ECTS" if grant.ects is not None else ""
            say(f"  {grant.outcome}{ects}" + (f", EQF {grant.eqf_level}" if grant.eqf_level is not None else ""))
    for step in view.history:
        say(f"{step.on} {step.what} by {step.by}")
    for text in view.written:
        if text.kind not in ("file", "applicant", "assessment"):
            say(f"{text.written:%Y-%m-%d} {text.kind}, {text.by}: {text.content}")


case_actions.add_to(case_app)
case_correcting.add_to(case_app)
