"""Taking in a university's records: `import` and `template`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application import Registry
from registry.cli import member_content
from registry.cli.context import Node, node_of
from registry.cli.founding import publish_now
from registry.cli.output import AsJson, Counter, counted, errors, print_json, progress, say
from registry.cli.own_events import count_waiting, say_older_wait
from registry.domain.errors import UnknownAchievement
from registry.intake import Document, IntakeError, Problem, csv_rows, ndjson_rows, open_intake
from registry.intake.course_codes import CourseCodes
from registry.intake.csv_rows import NO_ROWS
from registry.intake.importing import Importer, Taken
from registry.requests import Issued, IssueRequest, NotIssued, Outcome

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
    kind: Annotated[str, typer.Argument(help="csv, ndjson, achievement, or member.")] = "csv",
) -> None:
    """Print a file to fill in: rows of credentials, an achievement, or what governance publishes of a member.

    Example: registry template csv > awards.csv
    """
    made = {
        "csv": csv_rows.template(),
        "ndjson": ndjson_rows.template(),
        "achievement": msgspec.json.format(msgspec.json.encode(ACHIEVEMENT_TEMPLATE)).decode() + "\n",
        "member": msgspec.json.format(msgspec.json.encode(member_content.TEMPLATE)).decode() + "\n",
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

    def course(self, code: str) -> tuple[str, int | None] | None:
        """What a course code of the university's own stands for."""
        found = CourseCodes(self._registry).find(code)
        return None if found is None else (found.achievement, found.version)


class Report(msgspec.Struct):
    """What an import came to."""

    file: str
    issued: int = 0
    unchanged: int = 0
    waiting: int = 0
    """Awards of a document whose achievement is a draft."""
    dry_run: bool = False
    format: str = ""
    """Of a document."""
    awards: list[Taken] = []
    """What each award of a document came to."""
    problems: list[Problem] = []
    notes: list[str] = []
    unmapped: list[str] = []
    missing: list[str] = []
    """What a document's awards still want, as paths into the completions."""

    @property
    def stored(self) -> bool:
        """Whether this import stored anything that is to be published."""
        return not self.dry_run and (self.issued > 0 or any(taken.published for taken in self.awards))


def import_file(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="Rows (CSV, NDJSON), or a document (ELM, EuHEMC, Open Badges 3.0, ELMO)."
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    complete: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="JSON with what a document lacks: {achievement: {…}, credential: {…}}."
        ),
    ] = None,
    publish: Annotated[bool, typer.Option(help="Publish at once.")] = True,
    as_json: AsJson = False,
) -> None:
    """Take in credentials from a file. Bad rows are reported, good ones issued; run it again after correcting.

    What a file is, is told by what it holds. A document's achievement is found among yours, or becomes a draft
    (`registry achievement draft --help`) for which its credential waits.

    Exits 1 if anything was not taken in.

    Examples: registry import awards.csv --dry-run; registry import badge.json --complete rest.json
    """
    node = node_of(context)
    try:
        source = open_intake(file, Offered(node.registry))
        if isinstance(source, Document):
            report = take_document(node, source, _completions(complete), dry_run=dry_run)
        else:
            report = take_rows(node, file, source, source.notes, dry_run=dry_run)
    except IntakeError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(1) from error
    if as_json:
        print_json(report)
    else:
        show(report)
    if NO_ROWS in report.notes:
        raise typer.Exit(1)
    if publish and not dry_run:
        if report.stored:
            _publish(node, report)
        else:
            say_older_wait(node)  # for example those of an import that was killed
    if report.problems or report.missing or report.waiting:
        raise typer.Exit(1)


def take_rows(
    node: Node, file: Path, rows: Iterable[IssueRequest | Problem], notes: list[str], *, dry_run: bool = False
) -> Report:
    """Issue the good rows of a file and collect the bad ones; `notes` may grow while they are read."""
    report, stored = Report(str(file), dry_run=dry_run, notes=notes), _StoredRows()
    with progress(f"importing {file.name}") as counter:

        def good() -> Iterator[IssueRequest]:
            for row in rows:
                if isinstance(row, Problem):
                    report.problems.append(row)
                    counter.advance()
                else:
                    yield row

        outcomes = node.issuer.check_all(good()) if dry_run else node.issuer.issue_all(good(), beside=stored.beside)
        try:
            with closing(outcomes):  # waits for the rows that are just being stored
                _collect(report, outcomes, counter)
        except BaseException:  # a signal or an error: what is stored stays, and that is said
            _say_stopped(stored.count, "row")
            raise
    return report


def _collect(report: Report, outcomes: Iterable[Outcome], counter: Counter) -> None:
    for outcome in outcomes:
        counter.advance()
        if isinstance(outcome, NotIssued):
            report.problems.append(
                Problem(f"record {outcome.record}", outcome.field, "", f"{outcome.code}: {outcome.explanation}")
            )
        elif outcome.unchanged:
            report.unchanged += 1
        else:
            report.issued += 1


class _StoredRows:
    """Counts rows in the transactions that store them: an import that is interrupted says how many there are."""

    def __init__(self) -> None:
        self._batches: dict[int, int] = {}

    @property
    def count(self) -> int:
        """How many rows became credentials."""
        return sum(self._batches.values())

    def beside(self, first: int, outcomes: Sequence[Outcome]) -> "_StoredBatch":
        """Return what notes the batch that begins with request number `first` when it is stored."""
        issued = sum(isinstance(outcome, Issued) and not outcome.unchanged for outcome in outcomes)
        return _StoredBatch(self._batches, first, issued)


class _StoredBatch(NamedTuple):
    """Notes how many rows of a batch are stored. A batch that is stored again replaces its number."""

    batches: dict[int, int]
    first: int
    issued: int

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Note them; nothing is written to the database."""
        del cursor
        self.batches[self.first] = self.issued


def _say_stopped(stored: int, noun: str) -> None:
    """Say what an import that was interrupted, or that failed, had stored."""
    if not stored:
        errors.print("The import stopped; nothing of this file was stored by it.", markup=False)
        return
    errors.print(
        f"The import stopped; {counted(stored, noun)} of this file {'was' if stored == 1 else 'were'} stored by it and"
        " not published: run `registry publish`. Import the file again for the rest; nothing is issued twice.",
        markup=False,
        highlight=False,
    )


def _publish(node: Node, report: Report) -> None:
    """Publish what the import stored; where that is interrupted, say how much of it waits."""
    try:
        publish_now(node)
    except (KeyboardInterrupt, SystemExit):
        errors.print(
            f"Interrupted while publishing: all {counted(report.issued, 'new credential')} of this file are stored,"
            f" and {counted(count_waiting(node), 'event')} of this node wait to be published: run `registry publish`.",
            markup=False,
            highlight=False,
        )
        raise


def importer(node: Node) -> Importer:
    """Who takes documents in for a node."""
    return Importer(node.registry, node.issuer, Offered(node.registry))


def take_document(node: Node, document: Document, completions: dict[str, Any], *, dry_run: bool = False) -> Report:
    """Find or publish the achievements of a document, or make drafts of them, and issue its credentials."""
    report = Report(
        document.name,
        dry_run=dry_run,
        format=document.FORMAT,
        # An oddity in a document is no longer in the way once what it left open is given; it stays worth saying.
        notes=document.notes + [f"{p.where} {p.value!r} {p.detail}" for p in document.problems],
        unmapped=document.unmapped(),
    )
    try:
        for taken in importer(node).take(document, completions, dry_run=dry_run):
            _add_award(report, taken)
    except BaseException:  # a signal or an error: what is stored stays, and that is said
        _say_stopped(0 if dry_run else report.issued, "award")
        raise
    return report


def _add_award(report: Report, taken: Taken) -> None:
    report.awards.append(taken)
    report.problems += taken.problems
    report.missing += [one for one in taken.missing if one not in report.missing]
    report.waiting += taken.waiting
    if not (taken.problems or taken.missing or taken.waiting):
        report.unchanged += int(taken.unchanged)
        report.issued += int(not taken.unchanged)


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
    for taken in report.awards:
        show_award(taken, several=len(report.awards) > 1)
    for problem in report.problems[:_SHOWN]:
        value = f" {problem.value!r}" if problem.value else ""
        field = f": {problem.field}{value}" if problem.field or value else ""
        say(f"{problem.where}{field}: {problem.detail}", style="red")
    if len(report.problems) > _SHOWN:
        say(f"and {len(report.problems) - _SHOWN:,} more; --json lists them all")
    if report.missing:
        say('Write these into a JSON file, {"achievement": {…}, "credential": {…}}, and give it with --complete;')
        say("or complete the draft: registry achievement draft complete DRAFT FILE")
    if report.unmapped:
        say(f"{len(report.unmapped)} things in the document have no place here:")
        for path in report.unmapped[:_SHOWN]:
            say(f"  {path}")
        if len(report.unmapped) > _SHOWN:
            say(f"  and {len(report.unmapped) - _SHOWN} more; --json lists them all")
    would = "would be issued" if report.dry_run else "issued"
    waiting = f", {report.waiting:,} waiting" if report.waiting else ""
    say(f"{report.issued:,} {would}, {report.unchanged:,} as before, {len(report.problems):,} not taken in{waiting}")


def show_award(taken: Taken, *, several: bool = False) -> None:
    """Say what an award of a document came to."""
    say(f"award {taken.award}, {taken.title}: {taken.how}" if several else f"{taken.title}: {taken.how}")
    if taken.achievement is not None:
        say(f"  achievement {taken.achievement}" + (f", version {taken.version}" if taken.version else ""))
    if taken.draft is not None and taken.credential is None:
        say(f"  draft {taken.draft}; its credential waits")
    if taken.credential is not None:
        say(f"  credential {taken.credential}, learner {taken.learner}")
    for path in taken.missing:
        say(f"  wants {path}")
