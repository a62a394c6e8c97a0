"""Opening a case on the command line."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from registry.cli import ids
from registry.cli.account import As, who
from registry.cli.choices import parse_country
from registry.cli.evidence.disclosures import read_disclosures
from registry.cli.files import FileError, read_json, read_text
from registry.cli.opening import node_of
from registry.cli.output import AsJson
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.recognition.case_update import show_update
from registry.cli.recognition.case_words import Day, convert, credential_of, day_of, external_of, towards_of
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from registry.wire.recognition import Evidence, Purpose

Credentials = Annotated[
    list[str] | None, typer.Option(help="MEMBER/ID of a credential on the log; may be given several times.")
]
Receipts = Annotated[
    list[Path] | None, typer.Option(help="A receipt (.tlog-proof) of a credential: checked, and kept.")
]
Files = Annotated[
    list[Path] | None,
    typer.Option(help="A credential's file, for example ELM or a badge: read, kept, not taken for proved."),
]
Disclosures = Annotated[
    list[Path] | None,
    typer.Option(help="The disclosures of one credential, as its learner has them: they say whose it is."),
]
Externals = Annotated[
    list[str] | None,
    typer.Option(
        help="COUNTRY:ISSUER:TITLE of a credential that no member issued, for example NO:Oslo Met:Statistics."
    ),
]
Country = Annotated[
    str | None,
    typer.Option(
        parser=parse_country,
        metavar="CC",
        help="The country of the issuer, if a --file does not name it, for example NO.",
    ),
]
Issuer = Annotated[
    str | None, typer.Option(help="The name of the issuer, if a --file does not name it, for example Oslo Met.")
]
EvidenceOption = Annotated[
    str | None, typer.Option(help=f"How --credential and --external were shown: {', '.join(get_args(Evidence))}.")
]
WithoutDocuments = Annotated[
    bool, typer.Option("--without-documents", help="A background paper stands for documents that cannot be had.")
]
PurposeOption = Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Purpose))}.")]
Programmes = Annotated[
    list[str] | None,
    typer.Option(help="What it should count towards: MEMBER/ACHIEVEMENT, or a title; may be given several times."),
]
Advisory = Annotated[bool, typer.Option("--advisory", help="The office only states its opinion.")]
Student = Annotated[
    str | None,
    typer.Option(help=f"This university's own number of the applicant. {FROM_INPUT}", callback=from_input),
]
Learner = Annotated[str | None, typer.Option(help="The applicant's id in an earlier case.")]
ApplicantFile = Annotated[
    Path | None,
    typer.Option(
        help="JSON with familyName, givenName, dateOfBirth, email, address (one text, \\n between its lines),"
        " language; - reads it here. No option"
        " takes a name: every user of the machine sees them. At a terminal, the command asks for missing names."
    ),
]
LetterLanguage = Annotated[str | None, typer.Option(help="The language of letters to them, for example nl.")]
FileNumber = Annotated[str | None, typer.Option(help="The office's own (else the next of the year).")]
FileNote = Annotated[str | None, typer.Option(help="For the file; kept encrypted.")]


def open_case(
    context: typer.Context,
    *,
    credential: Credentials = None,
    receipt: Receipts = None,
    file: Files = None,
    disclosures: Disclosures = None,
    external: Externals = None,
    country: Country = None,
    issuer: Issuer = None,
    evidence: EvidenceOption = None,
    without_documents: WithoutDocuments = False,
    purpose: PurposeOption = "creditTransfer",
    towards: Programmes = None,
    advisory: Advisory = False,
    student: Student = None,
    learner: Learner = None,
    applicant: ApplicantFile = None,
    language: LetterLanguage = None,
    file_number: FileNumber = None,
    note: FileNote = None,
    by: As = None,
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """Open a case about one or several credentials of one applicant.

    Examples: registry case open --receipt e7c1ab39-….tlog-proof --applicant ada.json
    registry case open --credential twente/e7c1ab39-… --student s17 --towards "Minor data science"
    registry case open --external "NO:Oslo Met:Statistics" --without-documents --purpose admission --applicant ada.json
    """
    node = node_of(context)
    if (country or issuer) and not file:
        raise typer.BadParameter("--country and --issuer say what a --file leaves out, and there is no --file")
    subjects: list[dict[str, Any]] = [
        *({"credential": credential_of(node, text), "evidence": evidence} for text in credential or ()),
        *({"receipt": read_text(path)} for path in receipt or ()),
        *({"external": external_of(text), "evidence": evidence} for text in external or ()),
        *({"file": _read_data(path), "country": country, "issuer": issuer} for path in file or ()),
    ]
    application = Application(
        _build_applicant(node, applicant, {"language": language, "student": student, "learner": learner}),
        _build_subjects(subjects, documented=not without_documents),
        convert(purpose, Purpose, "--purpose"),
        advisory,
        [towards_of(node, text) for text in towards or ()] or None,
        file_number,
        note,
        [read_disclosures(path) for path in disclosures or ()] or None,
    )
    show_update(office_of(node).open(application, who(by), day_of(on)), as_json=as_json)


def _build_applicant(node: Node, file: Path | None, options: dict[str, str | None]) -> Applicant:
    """Build the applicant from a file and options, or else ask for the names at a terminal."""
    values: dict[str, Any] = {}
    if file is not None:
        values = read_json(file, dict[str, Any])
    elif not (options["student"] or options["learner"]):
        values = _prompt_for_names()
    values |= {name: value for name, value in options.items() if value is not None}
    if options["learner"] is not None:
        values["learner"] = ids.resolve(node, options["learner"], "learner")
    applicant: Applicant = convert(values, Applicant, "--applicant")
    return applicant


def _build_subjects(subjects: Sequence[dict[str, Any]], *, documented: bool) -> list[SubmittedCredential]:
    if not subjects:
        raise typer.BadParameter("name at least one --credential, --receipt, --file or --external")
    return [
        convert(
            {name: value for name, value in {**subject, "documented": documented}.items() if value is not None},
            SubmittedCredential,
            "the credential",
        )
        for subject in subjects
    ]


def _prompt_for_names() -> dict[str, str]:
    """Ask for the applicant's names at a terminal; return none without a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return {}
    prompts = {"familyName": "Family name", "givenName": "Given name", "dateOfBirth": "Date of birth (YYYY-MM-DD)"}
    return {name: typer.prompt(text, err=True) for name, text in prompts.items()}


def _read_data(file: Path) -> str:
    """Return the text of a credential's file. Raises `FileError` for a scan, and names what to do with it."""
    try:
        return read_text(file)
    except FileError as error:
        raise FileError(
            f"{error} If it is a scan or a printed document, nothing can be read from it: name the credential with"
            " --external COUNTRY:ISSUER:TITLE, and then attach the file: registry case attach CASE FILE"
        ) from error
