"""Many status changes at once from a file: `credential change`."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from registry.batches.row_changer import ChangePreview, RowChanger
from registry.batches.row_problem import RowProblem
from registry.batches.status_rows import StatusRow, StatusRows
from registry.cli.confirming import confirm
from registry.cli.issuing.grouped import say_problems
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, progress, say, table
from registry.cli.publishing import publish_now
from registry.intake.rows.plain_rows import form_of
from registry.intake.rows.report import IntakeError, Problem
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.settings.settings import SettingsError
from registry.values.plural import plural

MAX_ROWS: Final = 100_000
"""Rows of a file at most: they stay in memory, so that the changes made are those of the preview."""
_CONSEQUENCES: Final = {
    "revoke": "This permanently revokes {}.",
    "suspend": "This suspends {} until they are reinstated.",
    "reinstate": "This reinstates {}.",
}

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the preview and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class BulkChanges(msgspec.Struct):
    """The outcome of a file of status changes."""

    file: str
    dry_run: bool
    preview: ChangePreview
    changed: int = 0
    """Changes that were made."""
    unchanged: int = 0
    """Rows whose change had been made before."""
    refused: int = 0
    """Rows that changed nothing."""
    problems: list[RowProblem] = []
    """The problems of the refused rows."""
    notes: list[str] = []


def change(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A table (CSV, .xlsx) or NDJSON of changes.")
    ],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Suspend, reinstate or revoke many credentials, and publish that.

    Columns: credential (its id) or record (your own id of the row that it was issued for); change (suspend, reinstate,
    revoke); reason (empty for reinstate); and, if you like, note: your own words, kept privately.

    A file has 100,000 rows at most, and names each credential once. The command first shows the numbers and all
    problems, then asks. A row that cannot be changed does not stop the others. A change that was made before, for the
    same reason, is not made again. Exits 1 if a row was refused.

    Examples: registry credential change withdrawn.csv --dry-run; registry credential change withdrawn.csv --yes
    """
    node = own_node(context)
    source = StatusRows(file, "text/csv" if form_of(file) == "table" else "application/x-ndjson")
    rows = list(islice(source, MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise IntakeError(f"{file} has more than {MAX_ROWS:,} rows. Nothing was changed. Split it into several files.")
    with RowChanger(node.registry, node.issuer) as changer:
        preview = changer.preview(rows)
        done = BulkChanges(
            str(file), dry_run, preview, 0, preview.unchanged, preview.refused, preview.problems, source.notes
        )
        if not as_json:
            show_preview(preview, done.notes)
        if preview.total and not dry_run:
            confirm(consequence(preview), "Go on?", yes=yes)
            _make(changer, rows, done)
    _end(node, done, as_json=as_json)


def own_node(context: typer.Context) -> Node:
    """Return the node of a university. Raises `SettingsError` for the consortium's own node."""
    node = node_of(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues no credentials; use a university's node")
    return node


def show_preview(preview: ChangePreview, notes: Sequence[str]) -> None:
    """Print the numbers for each change and reason, and all problems."""
    for note in notes:
        say(f"note: {note}")
    if preview.changes:
        table(
            ("change", "reason", "credentials"),
            [(group.change, group.reason, f"{group.credentials:,}") for group in preview.changes],
        )
    if preview.unchanged:
        say(f"{plural(preview.unchanged, 'row')} as before: the change was made already")
    show_problems(preview.problems)
    if preview.unlisted:
        say(f"and {plural(preview.unlisted, 'more problem')}", style="red")


def show_problems(problems: Sequence[RowProblem]) -> None:
    """Print problems of rows, those of one kind in one line."""
    say_problems([Problem(each.where, each.field, each.value, each.detail) for each in problems])


def consequence(preview: ChangePreview) -> str:
    """Return the consequences of a preview: a sentence for each kind of change, with its number."""
    numbers = Counter[str]()
    for group in preview.changes:
        numbers[group.change] += group.credentials
    return " ".join(
        sentence.format(plural(numbers[kind], "credential"))
        for kind, sentence in _CONSEQUENCES.items()
        if numbers[kind]
    )


def _make(changer: RowChanger, rows: Sequence[StatusRow | list[RowProblem]], done: BulkChanges) -> None:
    """Make the changes one by one, and count those that are refused or already made by then."""
    done.unchanged, done.refused, done.problems = 0, 0, []
    try:
        with progress("changing", len(rows)) as counter:
            for row in rows:
                counter.advance()
                outcome = row if isinstance(row, list) else changer.attempt(row)
                if outcome == "unchanged":
                    done.unchanged += 1
                elif outcome == "changes":
                    done.changed += 1
                else:
                    done.problems += outcome if isinstance(outcome, list) else [outcome]
                    done.refused += 1
    except BaseException:  # a signal or an error: stored changes stay, and their number is printed
        errors.print(
            f"Stopped; {plural(done.changed, 'change')} of this file {'was' if done.changed == 1 else 'were'} stored"
            " and not published: run `registry publish`. Run the command again for the rest; nothing is changed twice.",
            markup=False,
            highlight=False,
        )
        raise


def _end(node: Node, done: BulkChanges, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    elif done.dry_run:
        say(f"{plural(done.preview.total, 'credential')} would be changed. Nothing was changed.")
    elif not done.preview.total:
        say("Nothing was changed: every change was made already." if not done.problems else "Nothing was changed.")
    else:
        shown = set(done.preview.problems)
        if not done.preview.unlisted and (new := [each for each in done.problems if each not in shown]):
            show_problems(new)
        say(f"{done.changed:,} changed, {done.unchanged:,} as before, {plural(done.refused, 'row')} not taken")
    if done.changed:
        publish_now(node)
    elif not done.dry_run:
        say_older_wait(node)
    if done.problems:
        raise typer.Exit(1)
