"""The command that compares the reports of two audits."""

import contextlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consumers.audit.audit_compare import OtherConsortium, compare, settle_undecided
from registry.cli.consortium.node_options import check_log
from registry.cli.evidence.audit import audit_app
from registry.cli.evidence.audit_text import exit_code, read_report, show_comparison
from registry.cli.output import AsJson, errors, print_json
from registry.log import open_log
from registry.wire.errors import MalformedNote


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this is under `audit`
    """Add this command."""
    audit_app.command("compare")(compare_reports)


def compare_reports(
    first: Annotated[Path, typer.Argument(dir_okay=False, help="A report, as `registry audit --save` wrote it.")],
    second: Annotated[Path, typer.Argument(dir_okay=False, help="Another auditor's report.")],
    *,
    log: Annotated[
        str | None, typer.Option(help="A log that decides if the reports share no head: file:PATH, kafka://…")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the first size at which two auditors saw different histories, and print both signed notes.

    A report keeps some of a stream's heads, its newest among them. If two reports share no head beyond which both have
    read, a log decides (--log): it passes through the newest head of each, or it does not. Name your own report first:
    the members' keys are taken from it.

    Exits 0 if both saw the same heads, 1 if they saw two histories, 5 if one saw less than the other, if the reports
    alone do not decide it, or if they cannot be compared: one is damaged or contradicts itself, or they are about two
    consortia.

    Example: registry audit compare mine.json theirs.json --log file:/srv/log
    """
    if log is not None:
        check_log(log)
    reports = read_report(first), read_report(second)
    try:
        comparison = compare(*reports)
    except (OtherConsortium, MalformedNote) as error:
        raise OtherConsortium(f"{first} and {second} cannot be compared: {error}") from error
    if log is not None and not comparison.undecided:
        errors.print("--log was not read: the reports decide by themselves.", markup=False, highlight=False)
    if log is not None and comparison.undecided:
        with contextlib.closing(open_log(log, reports[0].consortium, read_only=True)) as deciding:
            comparison = settle_undecided(comparison, *reports, deciding)
    if as_json:
        answer = {"verdict": comparison.verdict, "summary": comparison.sentence(first.name, second.name)}
        print_json(answer | msgspec.structs.asdict(comparison))
    else:
        show_comparison(comparison, first.name, second.name)
    if code := exit_code(comparison.verdict):
        raise typer.Exit(code)
