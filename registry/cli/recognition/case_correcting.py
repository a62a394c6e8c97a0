"""Correcting the file of a case on the command line."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from registry.cli.account import As, who
from registry.cli.files import read_json, read_text
from registry.cli.opening import node_of
from registry.cli.output import AsJson
from registry.cli.recognition.case_update import show_update
from registry.cli.recognition.case_words import (
    CaseId,
    Day,
    Note,
    case_of,
    convert,
    credential_of,
    day_of,
    external_of,
    towards_of,
)
from registry.node.adapters.office import office_of
from registry.office.cases.applicants import Applicant
from registry.office.cases.corrections import Correction
from registry.office.cases.opening import SubmittedCredential
from registry.wire.recognition import Purpose

ApplicantOption = Annotated[
    Path | None,
    typer.Option(
        "--applicant",
        help="JSON with what changes: familyName, givenName, dateOfBirth, address (one text,"
        " \\n between its lines), …; - reads it here.",
    ),
]
PurposeOption = Annotated[str | None, typer.Option("--purpose", help=f"One of {', '.join(get_args(Purpose))}.")]
AdvisoryOption = Annotated[
    bool | None, typer.Option("--advisory/--binding", help="Whether the office only states its opinion.")
]
TowardsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--towards", help="The programmes that it should count towards from now on: MEMBER/ACHIEVEMENT, or a title."
    ),
]
NoTowardsOption = Annotated[bool, typer.Option("--no-towards", help="It should no longer count towards any programme.")]
AddExternalOption = Annotated[
    list[str] | None,
    typer.Option("--add-external", help="COUNTRY:ISSUER:TITLE of a further credential that no member issued."),
]
RemoveOption = Annotated[
    list[int] | None,
    typer.Option("--remove", min=0, help="The number of a credential that the case no longer concerns."),
]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("correct")(correct)


def correct(
    context: typer.Context,
    case: CaseId,
    *,
    applicant: ApplicantOption = None,
    purpose: PurposeOption = None,
    advisory: AdvisoryOption = None,
    towards: TowardsOption = None,
    no_towards: NoTowardsOption = False,
    add_credential: Annotated[list[str] | None, typer.Option(help="MEMBER/ID of a further credential.")] = None,
    add_receipt: Annotated[list[Path] | None, typer.Option(help="A receipt of a further credential.")] = None,
    add_file: Annotated[list[Path] | None, typer.Option(help="A further credential's file.")] = None,
    add_external: AddExternalOption = None,
    remove: RemoveOption = None,
    note: Note = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Correct a case's file: the applicant, its purpose, or its credentials.

    Return a proposal first (`case return`). The file keeps who corrected what, and when. An assessment that no longer
    fits must be made again. After a decision, propose again and `amend`: the letter says what changed.

    Examples: registry case correct 2026/00017 --applicant corrected.json
    registry case correct 2026/00017 --add-external "NO:Oslo Met:Statistics" --remove 0 --towards "Minor data science"
    """
    node = node_of(context)
    office = office_of(node)
    case_id = case_of(node, office, case)
    if towards and no_towards:
        raise typer.BadParameter("either --towards or --no-towards")
    added: list[dict[str, Any]] = [
        *({"credential": credential_of(node, text)} for text in add_credential or ()),
        *({"receipt": read_text(path)} for path in add_receipt or ()),
        *({"external": external_of(text)} for text in add_external or ()),
        *({"file": read_text(path)} for path in add_file or ()),
    ]
    correction = Correction(
        applicant=read_json(applicant, Applicant) if applicant is not None else None,
        purpose=convert(purpose, Purpose, "--purpose") if purpose is not None else None,
        advisory=advisory,
        towards=[towards_of(node, text) for text in towards] if towards else [] if no_towards else None,
        add=[convert(subject, SubmittedCredential, "the credential") for subject in added],
        remove=remove or [],
        note=note,
    )
    show_update(office.correct(case_id, correction, who(by), day_of(on)), as_json=as_json)
