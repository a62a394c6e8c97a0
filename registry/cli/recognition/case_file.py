"""A case's file: what is attached, whose its credentials are, who works on it, and what changed since its decision."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli import ids
from registry.cli.account import As, who
from registry.cli.evidence.disclosures import read_disclosures
from registry.cli.files import read_bytes, write_file
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.cli.recognition.case_words import case_of
from registry.cli.recognition.cases import case_app
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.office.cases.assignments import assign
from registry.office.cases.attachments import (
    AttachmentKind,
    attach,
    files_opened_with,
    list_attachments,
    read_attachment,
)
from registry.office.cases.case_view import texts_of
from registry.office.cases.changes import acknowledge
from registry.office.cases.disclosures import disclose
from registry.office.cases.service import Office
from registry.values.plural import plural

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
    kind: Annotated[AttachmentKind, typer.Option("--kind", help="What it is.")] = "other",
    subject: Annotated[int | None, typer.Option(min=0, help="The number of the credential that it is about.")] = None,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Attach a scan or a document to a case: encrypted under the applicant's key, and erased with the applicant.

    The type is detected from the content. The name is kept encrypted, too.

    Examples: registry case attach 2026/00017 scan.pdf --kind transcript
    registry case attach 2026/00017 altered.tlog-proof --kind evidence
    """
    node, office, case_id = _find_case(context, case)
    content = read_bytes(file)
    name = None if str(file) == "-" else file.name
    stored_case = node.registry.case(case_id)
    attachment = attach(node.registry, office.setting, stored_case, content, kind, who(by), subject=subject, name=name)
    if as_json:
        print_json(attachment)
        return
    say(
        f"attachment {attachment.attachment}: {attachment.media_type}, {attachment.bytes:,} bytes,"
        f" kept as {attachment.kind}"
    )


def list_files(
    context: typer.Context, case: CaseId, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """List the files of a case: those that it was opened with, and attachments.

    Example: registry case attachment-list 2026/00017
    """
    node, office, case_id = _find_case(context, case)
    files = [
        *files_opened_with(texts_of(office, node.registry.case(case_id))),
        *list_attachments(node.registry.cursor(), case_id),
    ]
    if print_list(files, _FILE, as_json=as_json, as_csv=as_csv, wide=wide):
        say(plural(len(files), "file"))


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
    node, _, case_id = _find_case(context, case)
    stored = read_attachment(node.registry, node.registry.case(case_id), ids.resolve(node, attachment, "attachment"))
    file = out or Path(stored.attachment.file_name)
    if file.is_dir():
        raise typer.BadParameter(f"{file} is a folder; name a file.", param_hint="--out")
    if file.exists() and not force:
        raise typer.BadParameter(f"Refusing to replace {file}. Name another file, or pass --force.", param_hint="--out")
    write_file(file, stored.content, mode=0o600)
    say(f"{file}: {stored.attachment.media_type}, {stored.attachment.bytes:,} bytes, not encrypted")


def disclose_claims(
    context: typer.Context,
    case: CaseId,
    files: Annotated[list[Path], typer.Argument(help="Files of disclosures, one for each credential; - is the input.")],
    *,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Submit an applicant's disclosures, which prove whose a credential is. They are checked against the log.

    Exit code 1: a credential names another person than the applicant.

    Example: registry case disclose 2026/00017 ada.disclosures
    """
    node, office, case_id = _find_case(context, case)
    checks = disclose(office, node.registry.case(case_id), [read_disclosures(file) for file in files], who(by))
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
    to: Annotated[str, typer.Option("--to", help="The account of the person who will work on it.")],
    by: As = None,
) -> None:
    """Assign a case to a person of the office.

    Example: registry case assign 2026/00017 --to k.berg
    """
    node, _, case_id = _find_case(context, case)
    assigned_case = node.registry.case(case_id)
    assign(node.registry, assigned_case, _person(to), who(by))
    say(f"case {assigned_case.data.file_number}: {to} works on it")


def unassign_case(context: typer.Context, case: CaseId, *, by: As = None) -> None:
    """Unassign a case, so that others can take it.

    Example: registry case unassign 2026/00017
    """
    node, _, case_id = _find_case(context, case)
    released_case = node.registry.case(case_id)
    assign(node.registry, released_case, None, who(by))
    say(f"case {released_case.data.file_number}: nobody works on it")


def acknowledge_changes(context: typer.Context, case: CaseId, *, by: As = None, as_json: AsJson = False) -> None:
    """Acknowledge what changed since the decision. It is listed again only after another change.

    Example: registry case acknowledge 2026/00017
    """
    node, office, case_id = _find_case(context, case)
    node.projector().step()
    changes = acknowledge(node.registry, office.lookup, node.registry.case(case_id), who(by))
    if as_json:
        print_json({"changes": changes})
        return
    for change in changes:
        say(f"seen: {change.sentence}")


_FILE = (
    Column("attachment", lambda attachment: attachment.attachment),
    Column("kind", lambda attachment: attachment.kind),
    Column("credential", lambda attachment: attachment.subject),
    Column("type", lambda attachment: attachment.media_type),
    Column("bytes", lambda attachment: attachment.bytes),
    Column("added", lambda attachment: f"{attachment.added:%Y-%m-%d %H:%M}"),
    Column("by", lambda attachment: attachment.by),
)


def _find_case(context: typer.Context, case: str) -> tuple[Node, Office, str]:
    node = node_of(context)
    office = office_of(node)
    return node, office, case_of(node, office, case)


def _person(name: str) -> str:
    if not (1 <= len(name.strip()) <= 80) or not name.isprintable():
        raise typer.BadParameter("write a name of 1 to 80 characters", param_hint="--to")
    return name.strip()
