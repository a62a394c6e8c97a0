"""Cases of the recognition office: the worklist, and one case."""

from datetime import timedelta
from typing import Annotated

import typer

from registry.cli import ids
from registry.cli.listing import print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, say
from registry.cli.personal_input import read_personal
from registry.cli.recognition import case_actions, case_correcting, case_showing
from registry.cli.recognition.case_opening import open_case
from registry.cli.recognition.case_showing import CASE_COLUMNS
from registry.cli.recognition.case_words import credential_of
from registry.cli.recognition.letters import case_letter
from registry.node.adapters.office import office_of
from registry.office.cases import case_list, worklist
from registry.office.cases.words import CaseState
from registry.office.cases.worklist import WorklistQuery
from registry.values.plural import plural
from registry.wire.today import utc_today

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
    state: Annotated[CaseState | None, typer.Option(help="In this state.")] = None,
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
    today = utc_today()
    soon, cursor = node.settings.office.due_soon_days, node.registry.cursor()
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
    if not print_list(page.lines, CASE_COLUMNS, as_json=as_json, as_csv=as_csv, wide=wide, more=more):
        return
    states = ", ".join(f"{number} {name}" for name, number in counts.states.items()) or "no cases"
    say(f"{states}; {counts.overdue} overdue, {counts.due_soon} due within {soon} days",
        style="red" if counts.overdue else None)  # fmt: skip
    if waiting:
        say(f"{plural(waiting, 'decided case')} changed since the decision: registry case list --changed", style="red")
    for note in page.notes:
        say(f"note: {note}", style="yellow")


case_actions.add_to(case_app)
case_correcting.add_to(case_app)
case_showing.add_to(case_app)
