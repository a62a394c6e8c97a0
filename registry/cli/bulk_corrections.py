"""Many credentials corrected at once: `credential correct` issues rows that each replace a credential."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.cli.bulk_changes import DryRun, Yes, own_node
from registry.cli.confirming import confirm
from registry.cli.context import Node
from registry.cli.founding import publish_now
from registry.cli.imports import Offered, Report, show, take_rows
from registry.cli.output import AsJson, counted, print_json, say, table, title_of
from registry.cli.own_events import say_older_wait
from registry.domain.errors import UnknownAchievement
from registry.intake import Document, IntakeError, Problem, open_intake
from registry.requests import IssueRequest


class Corrections(msgspec.Struct):
    """What a file of corrections came to."""

    replaced: dict[str, int]
    """How many credentials would be replaced, by the achievement of the new one."""
    report: Report


def correct(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="Rows as for `registry import`, each with `replaces`."),
    ],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Correct many credentials, and publish that: each row is issued and replaces the credential in `replaces`.

    A row needs a record of its own: the corrected credential is a new one. First the numbers are shown, and all that
    is wrong; then it asks. A bad row does not keep the others. Run again, it changes nothing. Exits 1 if a row was not
    taken.

    Examples: registry credential correct grades.csv --dry-run; registry credential correct grades.csv --yes
    """
    node = own_node(context)
    rows, notes = _rows(node, file)
    checked = take_rows(node, file, rows, list(notes), dry_run=True)
    found = Corrections(_by_achievement(node, rows), checked)
    if not as_json:
        table(
            ("achievement of the corrected credential", "rows"),
            [(name, f"{count:,}") for name, count in found.replaced.items()],
        )
    if checked.issued and not dry_run:
        if not as_json:
            show(checked)
        confirm(
            f"This replaces {counted(checked.issued, 'credential')} for good: the old ones count no more.",
            "Go on?",
            yes=yes,
        )
        found.report = take_rows(node, file, rows, list(notes))
    if as_json:
        print_json(found)
    else:
        show(found.report)
        if not found.report.stored:
            say("Nothing was changed.")
    if found.report.stored:
        publish_now(node)
    elif not dry_run:
        say_older_wait(node)
    if found.report.problems or not rows:
        raise typer.Exit(1)


def _rows(node: Node, file: Path) -> tuple[list[IssueRequest | Problem], list[str]]:
    """The rows of a file; one that replaces nothing is a problem. Raises `IntakeError`."""
    source = open_intake(file, Offered(node.registry))
    if isinstance(source, Document):
        raise IntakeError(f"{file} is a document; corrections are rows (`registry template csv`)")
    rows = [
        row
        if isinstance(row, Problem) or row.replaces is not None
        else Problem(f"line {source.line}", "replaces", "", "is empty; name the credential that this row corrects")
        for row in source
    ]
    return rows, source.notes


def _by_achievement(node: Node, rows: list[IssueRequest | Problem]) -> dict[str, int]:
    counts = Counter(row.achievement for row in rows if isinstance(row, IssueRequest))
    return {_title(node, achievement): count for achievement, count in counts.most_common()}


def _title(node: Node, achievement: str) -> str:
    try:
        return f"{title_of(node.registry.achievement(achievement).content.title)} ({achievement})"
    except UnknownAchievement:
        return achievement
