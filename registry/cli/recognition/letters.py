"""Letters about decisions and cases, as PDF files."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.files import read_json, write_file
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.letters import Addressee, CannotWrite
from registry.letters.composing import (
    LetterRequest,
)
from registry.letters.content import Language
from registry.letters.notices import Notice
from registry.node.adapters.letters import Letters
from registry.node.letter_settings import missing_settings
from registry.office.cases.applicants import Applicant
from registry.office.cases.letter_content import addressee
from registry.office.cases.notices import LetterKind

Out = Annotated[Path, typer.Option("--out", "-o", help="The file; - for standard output.")]


def letter(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The id of a decision of this office.")],
    *,
    out: Out,
    language: Annotated[Language, typer.Option("--language", "-l", help="Its language.")] = "en",
    applicant: Annotated[
        Path | None,
        typer.Option(help="A JSON file with the applicant, - for standard input (else the one in the vault)."),
    ] = None,
    file_number: Annotated[str | None, typer.Option(help="The office's own number of the file.")] = None,
    appeal_until: Annotated[datetime | None, day_option(help="The last day for an appeal, YYYY-MM-DD.")] = None,
) -> None:
    """Write the letter of a decision: PDF/A-3a and PDF/UA-1, with the decision's receipt inside.

    The applicant's file is that of `case open`: {"familyName": "…", "givenName": "…", "dateOfBirth": "2001-02-03",
    "address": "…", "reference": "…"}; all but a name may be left out. There is no option for a name, since other
    users of the machine can see command lines. The letter of a decision that is no longer in force is a copy that says
    so.

    Examples: registry recognition letter 432236b7-… -o letter.pdf --language nl --appeal-until 2027-01-07
    registry recognition letter 432236b7-… -o letter.pdf --applicant - < applicant.json
    """
    node = node_of(context)
    request = LetterRequest(
        language=language,
        applicant=_read(applicant) if applicant is not None else None,
        file_number=file_number,
        appeal_until=appeal_until.date() if appeal_until is not None else None,
    )
    letters = Letters(node)
    write(out, letters.render(letters.of_decision(ids.resolve(node, decision, "decision"), request)))


def case_letter(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id or file number.")],
    *,
    out: Out,
    kind: Annotated[
        LetterKind | None, typer.Option("--kind", help="The letter (else the one for the case's state).")
    ] = None,
    decision: Annotated[
        str | None, typer.Option(help="An earlier decision of the case: a copy that says that it is not in force.")
    ] = None,
    enquiry: Annotated[str | None, typer.Option(help="An enquiry of the case: the letter to the issuer.")] = None,
    language: Annotated[
        Language | None, typer.Option("--language", "-l", help="Its language (else the applicant's).")
    ] = None,
) -> None:
    """Write the letter for a case's state: PDF/A-3a and PDF/UA-1. The command prints which letter that is.

    Open: a receipt of the application. Waiting: the documents asked for. Decided: the decision, with its receipt
    inside. Appealed: a receipt of the appeal. Withdrawn: that the application, or the decision, was withdrawn, and why.
    With --kind also an enquiry to an issuer, or that the decision takes longer.

    Examples: registry case letter 2026/00017 -o letter.pdf --language nl
    registry case letter 2026/00017 -o delay.pdf --kind delay
    """
    node = node_of(context)
    letters = Letters(node)
    content = letters.of_case(case, language, kind, decision=decision, enquiry=enquiry)
    write(out, letters.render(content), content.kind if isinstance(content, Notice) else "decision")
    for lacking in missing_settings(node.settings):
        errors.print(f"note: {lacking}", markup=False, highlight=False)


_KINDS: Final = {
    "decision": "the decision",
    "receipt": "the receipt of the application",
    "documents": "documents that are needed",
    "enquiry": "a credential, to its issuer",
    "delay": "a delay",
    "applicationWithdrawn": "the withdrawn application",
    "decisionWithdrawn": "the withdrawn decision",
    "appealReceived": "the receipt of the appeal",
}


def write(out: Path, letter: bytes, kind: str = "decision") -> None:
    """Write a letter to a file or standard output, and print its kind."""
    if str(out) == "-":
        sys.stdout.buffer.write(letter)
        return
    try:
        write_file(out, letter, 0o600)  # whatever the umask, and whatever was there: it names a person
    except OSError as error:
        raise CannotWrite(f"cannot write {out}: {error.strerror}") from error
    say(f"{out}: letter about {_KINDS[kind]}, {len(letter):,} bytes, PDF/A-3a and PDF/UA-1")


def _read(file: Path) -> Addressee:
    return addressee(read_json(file, Applicant))
