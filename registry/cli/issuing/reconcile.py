"""Compares the university's own records with the log: `reconcile`."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.cli.days import DatesOption, day_option
from registry.cli.files import FileError
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, progress, say
from registry.intake.reconciliation import COLUMNS, NEEDED, Counts, Difference, Reconciliation
from registry.intake.rows.plain_rows import PlainRows, form_of
from registry.intake.rows.report import IntakeError
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.reconciliation import PostgresAwardLookup

_SHOWN = 25


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("reconcile")(reconcile)


class ReconciliationReport(msgspec.Struct, rename="camel"):
    """The result of a reconciliation."""

    counts: Counts
    differences: list[Difference]
    """The first of them, at most `--most`."""
    notes: list[str]
    """Notes about the file."""


def reconcile(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A table (CSV, .xlsx) or NDJSON of what was awarded.")
    ],
    begin: Annotated[dt.datetime, day_option("--from", help="The term's first day.")],
    end: Annotated[dt.datetime, day_option("--until", help="Its last day.")],
    *,
    dates: DatesOption = None,
    most: Annotated[int, typer.Option(min=1, help="How many differences to list.")] = 10_000,
    as_json: AsJson = False,
) -> None:
    """Compare what your own system says was awarded in a term with what is on the log.

    Columns: record, achievement or course, awarding_date; version, ects and status (active, suspended, revoked,
    replaced; empty is active) where you have them. Run `registry views update` first, so that the views are current.

    Exits 1 if the two differ, 2 if the file cannot be read.

    Example: registry reconcile autumn.csv --from 2026-09-01 --until 2027-01-31
    """
    if end < begin:
        raise typer.BadParameter("--until lies before --from")
    node = node_of(context)
    differences: list[Difference] = []
    with (
        _refuse_unreadable(file),
        Reconciliation(
            node.registry, PostgresAwardLookup(node), OwnCatalogue(node.registry), begin.date(), end.date()
        ) as reconciliation,
        progress(f"reconciling {file.name}") as counter,
    ):
        rows = PlainRows(file, form_of(file), COLUMNS, NEEDED)
        for judged in reconciliation.run(rows, dates=dates):
            counter.advance()
            differences += judged.differences[: most - len(differences)]
    counts = reconciliation.counts
    if as_json:
        print_json(ReconciliationReport(counts, differences, rows.notes))
    else:
        for note in rows.notes:
            say(f"note: {note}")
        _print(counts, differences)
    if counts.differences:
        raise typer.Exit(1)


@contextlib.contextmanager
def _refuse_unreadable(file: Path) -> Iterator[None]:
    """Turn errors of the file into wrong usage, so that no exit code of theirs means that the two differ."""
    try:
        yield
    except OSError as error:
        raise FileError(f"Cannot read {file}: {error.strerror or error}.") from error
    except IntakeError as error:
        raise FileError(str(error)) from error


def _print(counts: Counts, differences: Sequence[Difference]) -> None:
    for difference in differences[:_SHOWN]:
        where = (
            f"line {difference.line}, record {difference.record}"
            if difference.line
            else f"credential {difference.credential}"
        )
        values = (
            f" there {difference.there!r}, here {difference.here!r}:"
            if difference.there or (difference.here and difference.line)
            else ""
        )
        say(f"{where}: {difference.kind}, {difference.field}:{values} {difference.detail}", style="yellow")
    if counts.differences > _SHOWN:
        say(f"and more; --json lists up to {len(differences):,}")
    say(
        f"{counts.rows:,} rows: {counts.agreeing:,} agree, {counts.outside:,} are of another term;"
        f" {counts.missing_here:,} missing here, {counts.missing_there:,} missing there,"
        f" {counts.revoked_here:,} revoked here and active there, {counts.differing:,} differ otherwise,"
        f" {counts.unreadable:,} cannot be read"
    )
