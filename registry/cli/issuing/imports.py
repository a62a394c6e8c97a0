"""Import of a university's records from a file, and templates of such files: `import`."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.cli.consortium import member_content
from registry.cli.days import DatesOption
from registry.cli.issuing import achievement_templates
from registry.cli.issuing.import_output import show_import
from registry.cli.issuing.import_runs import import_document, import_rows
from registry.cli.issuing.own_events import count_waiting, say_older_wait
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json
from registry.cli.publishing import publish_now
from registry.intake.files import open_intake, read_completions
from registry.intake.formats.document import Document
from registry.intake.import_report import ImportReport
from registry.intake.rows.columns import csv_template, ndjson_template
from registry.intake.rows.days import Order
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.table_rows import TableRows
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.values.plural import plural

Source = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="Rows (CSV, .xlsx, NDJSON), or a document (ELM, EuHEMC, Open Badges, CLR, ELMO).",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")]
CompletionsFile = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="JSON with what a document lacks: {achievement: {…}, credential: {…}}; null for none.",
    ),
]
KeepRowText = Annotated[
    bool, typer.Option("--keep-text", help="Text that looks wrong, or no name or grade, is meant as it is.")
]
CorrectionsFile = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Write the rows that were not taken in to this CSV, to be corrected."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file of corrections.")]
Publish = Annotated[bool, typer.Option(help="Publish at once.")]

import_app = typer.Typer(help="Take in credentials from a file.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(import_app, name="import")
    import_app.command("file")(import_file)
    import_app.command("template")(template)


def template(
    kind: Annotated[str, typer.Argument(help="csv, ndjson, achievement, or member.")] = "csv",
    *,
    achievement_kind: Annotated[
        str | None,
        typer.Option("--kind", help=f"Of an achievement: {', '.join(achievement_templates.TEMPLATES)} (else plain)."),
    ] = None,
) -> None:
    """Print a file to fill in: rows of credentials, an achievement, or what governance publishes of a member.

    Examples: registry import template csv > awards.csv
    registry import template achievement --kind composed > programme.json
    """
    if achievement_kind is not None and kind != "achievement":
        raise typer.BadParameter("only an achievement has kinds", param_hint="--kind")
    if achievement_kind not in (None, *achievement_templates.TEMPLATES):
        kinds = ", ".join(achievement_templates.TEMPLATES)
        raise typer.BadParameter(f"{achievement_kind!r} is not one of {kinds}", param_hint="--kind")
    templates = {
        "csv": csv_template(),
        "ndjson": ndjson_template(),
        "achievement": achievement_templates.template(achievement_kind or "plain"),
        "member": msgspec.json.format(msgspec.json.encode(member_content.TEMPLATE)).decode() + "\n",
    }
    if kind not in templates:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(templates)}")
    typer.echo(templates[kind], nl=False)


def import_file(
    context: typer.Context,
    file: Source,
    *,
    dry_run: DryRun = False,
    complete: CompletionsFile = None,
    dates: DatesOption = None,
    keep_text: KeepRowText = False,
    corrections: CorrectionsFile = None,
    force: Force = False,
    publish: Publish = True,
    as_json: AsJson = False,
) -> None:
    """Take in credentials from a file. Bad rows are reported, good ones issued; run it again after correcting.

    A table is CSV as any program writes it, or a spreadsheet. With --corrections the rows that were not taken in are
    written to a file with what is wrong, to be put right and imported. It holds personal data.

    The format is detected from the content; the name's ending decides only where the content leaves it open. A
    document's achievement is found among yours, or becomes a draft (`registry achievement draft --help`) for which its
    credential waits.

    Exits 1 if anything was not taken in.

    Examples: registry import file awards.csv --dry-run; registry import file badge.json --complete rest.json
    """
    node = node_of(context)
    _check_corrections_file(corrections, file, force=force)
    try:
        source = open_intake(file, OwnCatalogue(node.registry), dates=dates, keep_text=keep_text)
        if isinstance(source, Document):
            _refuse_options_of_rows(dates, corrections, keep_text=keep_text)
            completions = {} if complete is None else read_completions(complete)
            report = import_document(node, source, completions, dry_run=dry_run)
        else:
            _refuse_options_of_others(source, complete, corrections)
            report = import_rows(node, file, source, dry_run=dry_run, corrections=corrections)
    except IntakeError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(1) from error
    if as_json:
        print_json(report)
    else:
        show_import(report)
    if report.empty:
        raise typer.Exit(1)
    if publish and not dry_run:
        _publish(node, report)
    if report.problems or report.missing or report.waiting:
        raise typer.Exit(1)


def _check_corrections_file(corrections: Path | None, file: Path, *, force: bool) -> None:
    if corrections is None:
        return
    if corrections.exists() and not force:
        raise typer.BadParameter(f"{corrections} exists. Pass --force to overwrite it, or name another file.")
    if corrections.exists() and corrections.samefile(file):
        raise typer.BadParameter(f"{corrections} is the file that is imported; name another file.")
    if not os.access(corrections.absolute().parent, os.W_OK):
        raise typer.BadParameter(f"{corrections} cannot be written: its folder is not there, or not writable.")


def _refuse_options_of_rows(dates: Order | None, corrections: Path | None, *, keep_text: bool) -> None:
    options = {"--dates": dates is not None, "--corrections": corrections is not None, "--keep-text": keep_text}
    if names := [name for name, is_passed in options.items() if is_passed]:
        raise typer.BadParameter(f"{', '.join(names)}: for rows only, and this file is a document.")


def _refuse_options_of_others(source: TableRows | NdjsonRows, complete: Path | None, corrections: Path | None) -> None:
    """Refuse the option of documents for rows, and the option of tables for NDJSON."""
    if complete is not None:
        raise typer.BadParameter("--complete is for documents; a row has all that it needs.")
    if corrections is not None and not isinstance(source, TableRows):
        raise typer.BadParameter("--corrections is for tables; see the problems with --json.")


def _publish(node: Node, report: ImportReport) -> None:
    """Publish what the import stored; where that is interrupted, print how much of it waits."""
    if not report.stored:
        say_older_wait(node)  # for example those of an import that was killed
        return
    try:
        publish_now(node)
    except (KeyboardInterrupt, SystemExit):
        errors.print(
            f"Interrupted while publishing: all {plural(report.issued, 'new credential')} of this file are stored,"
            f" and {plural(count_waiting(node), 'event')} of this node wait to be published: run `registry publish`.",
            markup=False,
            highlight=False,
        )
        raise
