"""Many credentials corrected at once: `credential correct` issues rows that each replace a credential."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.application.requests import Issued, IssueRequest
from registry.cli.confirming import confirm
from registry.cli.issuing.bulk_changes import DryRun, Yes, own_node
from registry.cli.issuing.import_output import show_import
from registry.cli.issuing.import_runs import import_rows
from registry.cli.issuing.imports import KeepRowText
from registry.cli.issuing.own_events import say_older_wait
from registry.cli.output import AsJson, print_json, say, table, title_of
from registry.cli.publishing import publish_now
from registry.intake.files import open_intake
from registry.intake.formats.document import Document
from registry.intake.import_report import ImportReport
from registry.intake.rows.replacing_rows import ReplacingRows
from registry.intake.rows.report import IntakeError
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.values.plural import plural


class Corrections(msgspec.Struct):
    """The outcome of a file of corrections."""

    replaced: dict[str, int]
    """The number of credentials to be replaced, by the achievement of the new one."""
    changed: dict[str, int]
    """The number of those with another achievement or version than the new one, by which of the two differs."""
    report: ImportReport


def correct(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="Rows as for `registry import file`, each with `replaces`."),
    ],
    *,
    keep_text: KeepRowText = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Correct many credentials, and publish that: each row is issued and replaces the credential in `replaces`.

    `replaces` is the credential's id, or your own id of the row that it was issued for. A row needs a record of its
    own: the corrected credential is a new one. The command first shows the numbers, all problems, and each row whose
    new credential is of another achievement or version than the old one; then it asks. A bad row does not stop the
    others. A second run changes nothing. Exits 1 if a row was refused.

    Examples: registry credential correct grades.csv --dry-run; registry credential correct grades.csv --yes
    """
    node = own_node(context)
    replaced, changed = Counter[str](), Counter[str]()

    def count(request: IssueRequest, outcome: Issued) -> None:
        replaced.update([request.achievement])
        changed.update(() if outcome.replacement is None else [outcome.replacement.differs])

    checked = import_rows(node, file, _open_rows(node, file, keep_text=keep_text), dry_run=True, on_issued=count)
    corrections = Corrections(_count_by_title(node, replaced), dict(changed), checked)
    if replaced and not as_json:
        table(
            ("achievement of the corrected credential", "replaced"),
            [(name, f"{count:,}") for name, count in corrections.replaced.items()],
        )
    if checked.issued and not dry_run:
        if not as_json:
            show_import(checked)
        confirm(_consequence(checked.issued, changed), "Go on?", yes=yes)
        corrections.report = import_rows(node, file, _open_rows(node, file, keep_text=keep_text))
    if as_json:
        print_json(corrections)
    else:
        show_import(corrections.report)
        if not corrections.report.stored:
            say("Nothing was changed.")
    if corrections.report.stored:
        publish_now(node)
    elif not dry_run:
        say_older_wait(node)
    if corrections.report.problems or corrections.report.empty:
        raise typer.Exit(1)


def _consequence(replaced: int, changed: Mapping[str, int]) -> str:
    """Return the consequence, with the number of credentials that become one of another achievement."""
    text = f"This permanently replaces {plural(replaced, 'credential')}: the old ones no longer count."
    for name, count in changed.items():
        text += f" {plural(count, 'new credential')} {'is' if count == 1 else 'are'} of another {name} than the old."
    return text


def _open_rows(node: Node, file: Path, *, keep_text: bool) -> ReplacingRows:
    """Open the rows of a file. Raises `IntakeError` if it holds none."""
    source = open_intake(
        file, OwnCatalogue(node.registry), keep_text=keep_text, find_record=node.issuer.find_credential
    )
    if isinstance(source, Document):
        raise IntakeError(f"{file} is a document; corrections are rows (`registry import template csv`)")
    return ReplacingRows(source)


def _count_by_title(node: Node, achievements: Counter[str]) -> dict[str, int]:
    """Return the numbers by the title and id of each achievement, the largest first."""
    return {
        f"{title_of(node.registry.achievements.get(achievement).content.title)} ({achievement})": count
        for achievement, count in achievements.most_common()
    }
