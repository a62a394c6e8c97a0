"""Assessing a case on the command line: what a decision would rest on."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.account import As, who
from registry.cli.files import read_json
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, say, title_of
from registry.cli.recognition.assessing import against_of, show_elements
from registry.cli.recognition.case_update import find_case, show_update
from registry.cli.recognition.case_words import CaseId, Day, day_of
from registry.cli.recognition.reasons import show_country
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.requirements import programme_notes
from registry.office.cases.assessment_draft import draft_of
from registry.office.reasons.country_notes import country_note
from registry.office.reasons.reasons import folder_of

Against = Annotated[
    str | None,
    typer.Option(help="An achievement's id, or a programme profile's name (else what the case counts towards)."),
]


def compare(
    context: typer.Context,
    case: CaseId,
    *,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Show the five elements of each credential beside what is required. With --json: an assessment to fill in.

    Examples: registry case compare 2026/00017 --against "Master of Urban Analytics"
    registry case compare 2026/00017 --against 0bbac7a9-… --json > assessment.json
    """
    office, case_id = find_case(context, case)
    node = node_of(context)
    draft = draft_of(office, case_id, _against(context, against))
    if against is None:
        for note in programme_notes(office.registry, office.registry.case(case_id).data.towards or ()):
            errors.print(f"note: {note}", markup=False, highlight=False)
    if as_json:
        print_json(draft, verbatim=True)
        return
    for number, assessed in enumerate(draft.assessed):
        say(f"credential {number}: {title_of(assessed.offered.title)}, {assessed.offered.issuer}")
        show_elements(assessed.elements)
    for country in sorted({each.offered.country for each in draft.assessed if each.offered.country is not None}):
        if (advice := country_note(country, folder_of(node.settings.home))) is not None:
            show_country(advice)


def assess(
    context: typer.Context,
    case: CaseId,
    file: Annotated[Path | None, typer.Argument(help="The assessment in JSON; - reads it here.")] = None,
    *,
    template: Annotated[
        bool, typer.Option("--template", help="Print an assessment to fill in, and record nothing.")
    ] = False,
    against: Against = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Record an assessment of the case's credentials: the template, with what you name, answer and propose.

    docs/office.md shows one filled in; docs/assessment.schema.json describes its fields. The suggestions are computed
    again when it is recorded: name each (`named`), or say why it is not substantial (`noDifference`).

    Examples: registry case assess 2026/00017 --template --against "Master of Urban Analytics" > assessment.json
    registry case assess 2026/00017 assessment.json
    """
    office, case_id = find_case(context, case)
    if template:
        print_json(draft_of(office, case_id, _against(context, against)), verbatim=True)
        return
    if file is None:
        raise typer.BadParameter("name the assessment's file, or print one to fill in with --template")
    assessment = read_json(file, Assessment)
    show_update(office.assess(case_id, assessment, who(by), day_of(on)), as_json=as_json)


def _against(context: typer.Context, text: str | None) -> str | None:
    return None if text is None else against_of(node_of(context), text)
