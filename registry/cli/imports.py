"""Taking in a university's records: `import` and `template`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from registry.application import Registry
from registry.cli.context import Node, node_of
from registry.cli.founding import publish_now
from registry.cli.output import AsJson, errors, print_json, progress, say
from registry.domain.errors import UnknownAchievement
from registry.intake import ElmDocument, IntakeError, Problem, csv_rows, ndjson_rows, open_intake
from registry.requests import Issued, IssueRequest, NotIssued
from registry.vault import random_id

_SHOWN = 25

ACHIEVEMENT_TEMPLATE: dict[str, Any] = {
    "kind": "microCredential",
    "title": {"en": "Data literacy"},
    "learningOutcomes": [{"title": {"en": "Reads, questions and explains data"}}],
    "creditBearing": True,
    "ects": 5,
    "workloadHours": 140,
    "eqfLevel": 6,
    "levelBasis": "referenced",
    "fieldsOfEducation": ["0612"],
    "language": ["en"],
    "learningSetting": "formal",
    "participation": ["blended"],
    "assessments": ["projectWork"],
    "supervision": "onsite",
    "identityVerified": True,
    "qualityAssurance": [{"type": "institutionalQA", "agency": "NVAO"}],
    "stackability": "stackable",
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_file)
    app.command("template")(template)


def template(
    kind: Annotated[str, typer.Argument(help="csv, ndjson, or achievement.")] = "csv",
) -> None:
    """Print a file to fill in: rows of credentials, or an achievement.

    Example: registry template csv > awards.csv
    """
    made = {
        "csv": csv_rows.template(),
        "ndjson": ndjson_rows.template(),
        "achievement": msgspec.json.format(msgspec.json.encode(ACHIEVEMENT_TEMPLATE)).decode() + "\n",
    }
    if kind not in made:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(made)}")
    typer.echo(made[kind], nl=False)


class Offered:
    """The university's own achievements, as rows are held against them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        """The ECTS of each version."""
        try:
            return self._registry.achievement(achievement).state.ects
        except UnknownAchievement:
            return None

    def retired(self, achievement: str) -> bool:
        """Whether it is no longer offered."""
        return self._registry.achievement(achievement).state.retired


class Report(msgspec.Struct):
    """What an import came to."""

    file: str
    issued: int = 0
    unchanged: int = 0
    dry_run: bool = False
    problems: list[Problem] = []
    notes: list[str] = []
    unmapped: list[str] = []
    missing: list[str] = []


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON, or a European Learning Model document (.jsonld).")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    complete: Annotated[
        Path | None, typer.Option(help="JSON with what an ELM document lacks: {achievement: {…}, credential: {…}}.")
    ] = None,
    publish: Annotated[bool, typer.Option(help="Publish at once.")] = True,
    as_json: AsJson = False,
) -> None:
    """Take in credentials from a file. Bad rows are reported, good ones issued; run it again after correcting.

    Exits 1 if any row was not taken in.

    Examples: registry import awards.csv --dry-run; registry import microcredential.jsonld --complete rest.json
    """
    node = node_of(context)
    try:
        source = open_intake(file, Offered(node.registry))
        if isinstance(source, ElmDocument):
            report = take_document(node, source, _completions(complete), dry_run=dry_run)
        else:
            report = take_rows(node, file, source, source.notes, dry_run=dry_run)
    except IntakeError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    if as_json:
        print_json(report)
    else:
        show(report)
    if publish and not dry_run:  # also what an import that was killed had stored
        publish_now(node)
    if report.problems or report.missing:
        raise typer.Exit(1)


def take_rows(
    node: Node, file: Path, rows: Iterable[IssueRequest | Problem], notes: list[str], *, dry_run: bool = False
) -> Report:
    """Issue the good rows of a file and collect the bad ones."""
    report = Report(str(file), dry_run=dry_run, notes=list(notes))
    with progress(f"importing {file.name}") as counter:

        def good() -> Iterator[IssueRequest]:
            for row in rows:
                if isinstance(row, Problem):
                    report.problems.append(row)
                    counter.advance()
                else:
                    yield row

        if dry_run:
            for _ in good():
                report.issued += 1
                counter.advance()
            return report
        for outcome in node.issuer.issue_all(good(), on_batch=lambda batch: counter.advance(len(batch))):
            if isinstance(outcome, NotIssued):
                report.problems.append(
                    Problem(f"record {outcome.record}", outcome.field, "", f"{outcome.code}: {outcome.detail}")
                )
            elif outcome.unchanged:
                report.unchanged += 1
            else:
                report.issued += 1
    return report


def take_document(node: Node, document: ElmDocument, completions: dict[str, Any], *, dry_run: bool = False) -> Report:
    """Publish a document's achievement, unless it is offered already, and issue its credential."""
    publisher = node.settings.member
    report = Report(
        document.name,
        dry_run=dry_run,
        notes=document.notes,
        unmapped=document.unmapped(),
        missing=document.missing(completions, publisher),
    )
    if report.missing:
        report.problems = list(document.problems)
        return report
    # With everything given that is needed, an oddity is no longer in the way; it stays worth saying.
    report.notes += [f"{p.where} {p.value!r} {p.detail}" for p in document.problems]
    content = document.content(random_id(), publisher, completions)
    offered = _same(node.registry, content)
    if offered is None and not dry_run:
        node.registry.publish_achievement(content)
    identifier = offered or content.achievement
    report.notes.append(f"achievement {identifier}" + (" is offered already" if offered else ""))
    if dry_run:
        report.issued = 1
        return report
    outcome = node.issuer.issue([document.request(identifier, completions)])[0]
    if isinstance(outcome, Issued):
        report.unchanged, report.issued = int(outcome.unchanged), int(not outcome.unchanged)
        report.notes.append(f"credential {outcome.credential}, learner {outcome.learner}")
    else:
        report.problems.append(Problem("$", outcome.field, "", f"{outcome.code}: {outcome.detail}"))
    return report


def _same(registry: Registry, content: Any) -> str | None:  # noqa: ANN401 - an AchievementContent
    """An own achievement that says the same, its id aside: the document was taken in before."""
    for offered in registry.achievements():
        if msgspec.structs.replace(offered.content, achievement=content.achievement) == content:
            return offered.content.achievement
    return None


def _completions(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
    except (OSError, msgspec.DecodeError) as error:
        raise IntakeError(f"{file}: {error}") from error


def show(report: Report) -> None:
    """Print a report for people."""
    for note in report.notes:
        say(f"note: {note}")
    for problem in report.problems[:_SHOWN]:
        value = f" {problem.value!r}" if problem.value else ""
        say(f"{problem.where}: {problem.field}{value}: {problem.detail}", style="red")
    if len(report.problems) > _SHOWN:
        say(f"and {len(report.problems) - _SHOWN:,} more; --json lists them all")
    if report.missing:
        say("Nothing was taken in: the document does not say")
        for path in report.missing:
            say(f"  {path}")
        say('Write these into a JSON file, {"achievement": {…}, "credential": {…}}, and give it with --complete.')
    if report.unmapped:
        say(f"{len(report.unmapped)} things in the document have no place here:")
        for path in report.unmapped[:_SHOWN]:
            say(f"  {path}")
        if len(report.unmapped) > _SHOWN:
            say(f"  and {len(report.unmapped) - _SHOWN} more; --json lists them all")
    would = "would be issued" if report.dry_run else "issued"
    say(f"{report.issued:,} {would}, {report.unchanged:,} as before, {len(report.problems):,} not taken in")
