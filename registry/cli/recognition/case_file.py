"""A case's file: what is attached, whose its credentials are, who works on it, and what changed since its decision."""

from pathlib import Path
from typing import Annotated, Any

import typer

from registry.cli import ids
from registry.cli.account import As, who
from registry.cli.evidence.beside import write_file
from registry.cli.evidence.disclosures import read_disclosures
from registry.cli.files import read_bytes
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, counted, print_json, say
from registry.cli.recognition.case_words import case_of, one_of
from registry.cli.recognition.cases import case_app
from registry.domain.case import Case
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.office.cases.assignments import assign
from registry.office.cases.attachments import (
    KINDS,
    attach,
    files_opened_with,
    list_attachments,
    read_attachment,
)
from registry.office.cases.case_view import texts_of
from registry.office.cases.changes import acknowledge
from registry.office.cases.disclosures import disclose
from registry.office.cases.service import Office

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id or file number.")]


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these stand under `case`
    """Add these commands."""
    case_app.command("attach")(attach_file)
    case_app.command("attachment-list")(list_files)
    case_app.command("attachment")(write_attachment)
    case_app.command("disclose")(disclose_claims)
    case_app.command("assign")(assign_case)
    case_app.command("unassign")(unassign_case)
    case_app.command("acknowledge")(acknowledge_changes)


def attach_file(
    context: typer.Context,
    case: CaseId,
    file: Annotated[Path, typer.Argument(help="A PDF, PNG, JPEG or TIFF; as credential or evidence also plain text.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help=f"What it is: one of {', '.join(KINDS)}.")] = "other",
    subject: Annotated[int | None, typer.Option(min=0, help="Which credential of the case it is about.")] = None,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Attach a scan or a document to a case: encrypted under the applicant's key, and erased with the applicant.

    What the file is, is found out from its content. Its name is kept encrypted, too.

    Examples: registry case attach 2026/00017 scan.pdf --kind transcript
    registry case attach 2026/00017 altered.tlog-proof --kind evidence
    """
    node, office, found = _case(context, case)
    made: Any = one_of(kind, KINDS, "--kind")
    content = read_bytes(file)
    name = None if str(file) == "-" else file.name
    kept = attach(node.registry, office.setting, found, content, made, who(by), subject=subject, name=name)
    if as_json:
        print_json(kept)
        return
    say(f"attachment {kept.attachment}: {kept.media_type}, {kept.bytes:,} bytes, kept as {kept.kind}")


def list_files(
    context: typer.Context, case: CaseId, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """List the files of a case: what it was opened with, and what was attached.

    Example: registry case attachment-list 2026/00017
    """
    node, office, found = _case(context, case)
    files = [
        *files_opened_with(texts_of(office, found)),
        *list_attachments(node.registry.cursor(), str(found.id)),
    ]
    if print_list(files, _FILE, as_json=as_json, as_csv=as_csv, wide=wide):
        say(counted(len(files), "file"))


def write_attachment(
    context: typer.Context,
    case: CaseId,
    attachment: Annotated[str, typer.Argument(help="The attachment's id, as `case attachment-list` shows it.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file (else the attachment's id). It is not encrypted.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a file of a case to the disk: an attachment, or a file that the case was opened with.

    Example: registry case attachment 2026/00017 1f0c2b1e-… --out transcript.pdf
    """
    node, _, found = _case(context, case)
    kept = read_attachment(node.registry, found, ids.resolve(node, attachment, "attachment"))
    file = out or Path(kept.attachment.file_name)
    if file.is_dir():
        raise typer.BadParameter(f"{file} is a folder; name a file.", param_hint="--out")
    if file.exists() and not force:
        raise typer.BadParameter(f"Refusing to replace {file}. Name another file, or pass --force.", param_hint="--out")
    write_file(file, kept.content, mode=0o600)
    say(f"{file}: {kept.attachment.media_type}, {kept.attachment.bytes:,} bytes, not encrypted")


def disclose_claims(
    context: typer.Context,
    case: CaseId,
    files: Annotated[list[Path], typer.Argument(help="Files of disclosures, one for each credential; - is the input.")],
    *,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Hand in an applicant's disclosures: they are checked against the log, and say whose the credential is.

    Exit code 1: a credential names another person than the applicant.

    Example: registry case disclose 2026/00017 ada.disclosures
    """
    _, office, found = _case(context, case)
    checks = disclose(office, found, [read_disclosures(file) for file in files], who(by))
    if as_json:
        print_json({"holders": checks})
    else:
        for check in checks:
            say(check.detail, style={"matches": "green", "differs": "red"}.get(check.state, "yellow"))
    if any(check.state == "differs" for check in checks):
        raise typer.Exit(1)


def assign_case(
    context: typer.Context,
    case: CaseId,
    *,
    to: Annotated[str, typer.Option("--to", help="Who is to work on it: an account's name.")],
    by: As = None,
) -> None:
    """Let somebody of the office work on a case.

    Example: registry case assign 2026/00017 --to k.berg
    """
    node, _, found = _case(context, case)
    assign(node.registry, found, _person(to), who(by))
    say(f"case {found.data.file_number}: {to} works on it")


def unassign_case(context: typer.Context, case: CaseId, *, by: As = None) -> None:
    """Let nobody work on a case any more: it is free for others.

    Example: registry case unassign 2026/00017
    """
    node, _, found = _case(context, case)
    assign(node.registry, found, None, who(by))
    say(f"case {found.data.file_number}: nobody works on it")


def acknowledge_changes(context: typer.Context, case: CaseId, *, by: As = None, as_json: AsJson = False) -> None:
    """Note that you have seen what changed since the decision: it is not listed again until something else happens.

    Example: registry case acknowledge 2026/00017
    """
    node, office, found = _case(context, case)
    node.projector().step()
    changes = acknowledge(node.registry, office.lookup, found, who(by))
    if as_json:
        print_json({"changes": changes})
        return
    for change in changes:
        say(f"seen: {change.sentence}")


_FILE = (
    Column("attachment", lambda one: one.attachment),
    Column("kind", lambda one: one.kind),
    Column("credential", lambda one: one.subject),
    Column("type", lambda one: one.media_type),
    Column("bytes", lambda one: one.bytes),
    Column("added", lambda one: f"{one.added:%Y-%m-%d %H:%M}"),
    Column("by", lambda one: one.by),
)


def _case(context: typer.Context, case: str) -> tuple[Node, Office, Case]:
    node = node_of(context)
    office = office_of(node)
    return node, office, node.registry.case(case_of(node, office, case))


def _person(name: str) -> str:
    if not (1 <= len(name.strip()) <= 80) or not name.isprintable():
        raise typer.BadParameter("write a name of 1 to 80 characters", param_hint="--to")
    return name.strip()
