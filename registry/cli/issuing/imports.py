"""Takes in a university's records, and prints templates of them."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
import typer
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.requests import Issued, IssueRequest, NotIssued, Outcome
from registry.application.transaction import Transaction
from registry.batches.corrections import write_corrections
from registry.cli.consortium import member_content
from registry.cli.days import DatesOption
from registry.cli.issuing import achievement_templates
from registry.cli.issuing.grouped import say_problems
from registry.cli.issuing.own_events import count_waiting, say_older_wait
from registry.cli.opening import node_of
from registry.cli.output import AsJson, Counter, counted, errors, print_json, progress, say
from registry.cli.publishing import publish_now
from registry.intake.files import open_intake
from registry.intake.formats import json_document
from registry.intake.formats.document import Document
from registry.intake.formats.other_issuer import oddity_notes, other_issuer_notes
from registry.intake.import_result import ImportResult
from registry.intake.importing import Importer
from registry.intake.rows.columns import csv_template, ndjson_template
from registry.intake.rows.days import Order
from registry.intake.rows.earlier_rows import EarlierRows
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.replacements import Replacements
from registry.intake.rows.report import IntakeError, Problem, no_rows
from registry.intake.rows.table_rows import TableRows
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import Node
from registry.node.own_content import own_content

_SHOWN = 25
KeepRowText = Annotated[
    bool, typer.Option("--keep-text", help="Text that looks wrong, or no name or grade, is meant as it is.")
]
OnIssued = Callable[[IssueRequest, Issued], None]
_BESIDE = ("achievement.", "credential.")
"""How the fields begin that are said beside a document."""

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
        known = ", ".join(achievement_templates.TEMPLATES)
        raise typer.BadParameter(f"{achievement_kind!r} is none of {known}", param_hint="--kind")
    made = {
        "csv": csv_template(),
        "ndjson": ndjson_template(),
        "achievement": achievement_templates.template(achievement_kind or "plain"),
        "member": msgspec.json.format(msgspec.json.encode(member_content.TEMPLATE)).decode() + "\n",
    }
    if kind not in made:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(made)}")
    typer.echo(made[kind], nl=False)


class Report(msgspec.Struct):
    """What an import came to."""

    file: str
    issued: int = 0
    unchanged: int = 0
    waiting: int = 0
    """Awards of a document that wait as drafts, or would; what they lack is in `missing` and `problems`."""
    held: int = 0
    """What a batch would hold until its day, as a release shows before it asks."""
    dry_run: bool = False
    format: str = ""
    """Of a document."""
    awards: list[ImportResult] = []
    """What each award of a document came to."""
    refused: int = 0
    """Rows, or awards, that were not taken in and do not wait."""
    problems: list[Problem] = []
    """All that is wrong with these, and with what waits."""
    notes: list[str] = []
    unmapped: list[str] = []
    """What a document says and nothing here has a place for: the first 1,000 of it."""
    unmapped_more: int = 0
    """How much more there is."""
    missing: list[str] = []
    """What a document's awards still want, as paths into the completions."""

    @property
    def empty(self) -> bool:
        """Whether nothing came of the file at all."""
        return not (self.issued or self.unchanged or self.refused or self.waiting or self.held or self.awards)

    @property
    def stored(self) -> bool:
        """Whether this import stored anything that is to be published."""
        return not self.dry_run and (self.issued > 0 or any(taken.published for taken in self.awards))


def import_file(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Rows (CSV, .xlsx, NDJSON), or a document (ELM, EuHEMC, Open Badges, CLR, ELMO).",
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    complete: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSON with what a document lacks: {achievement: {…}, credential: {…}}; null for none.",
        ),
    ] = None,
    dates: DatesOption = None,
    keep_text: KeepRowText = False,
    corrections: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the rows that were not taken in to this CSV, to be corrected."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of corrections.")] = False,
    publish: Annotated[bool, typer.Option(help="Publish at once.")] = True,
    as_json: AsJson = False,
) -> None:
    """Take in credentials from a file. Bad rows are reported, good ones issued; run it again after correcting.

    A table is CSV as any program writes it, or a spreadsheet. With --corrections the rows that were not taken in are
    written to a file with what is wrong, to be put right and imported. It holds personal data.

    The format is detected from the content. A document's achievement is found among yours, or becomes a draft
    (`registry achievement draft --help`) for which its credential waits.

    Exits 1 if anything was not taken in.

    Examples: registry import file awards.csv --dry-run; registry import file badge.json --complete rest.json
    """
    node = node_of(context)
    if corrections is not None and corrections.exists() and not force:
        raise typer.BadParameter(f"{corrections} exists. Pass --force to overwrite it, or name another file.")
    if corrections is not None and corrections.exists() and corrections.samefile(file):
        raise typer.BadParameter(f"{corrections} is the file that is imported; name another file.")
    if corrections is not None and not os.access(corrections.absolute().parent, os.W_OK):
        raise typer.BadParameter(f"{corrections} cannot be written: its folder is not there, or not writable.")
    try:
        source = open_intake(file, OwnCatalogue(node.registry), dates=dates, keep_text=keep_text)
        if isinstance(source, Document):
            _refuse_options_of_rows(dates, corrections, keep_text=keep_text)
            report = take_document(node, source, _completions(complete), dry_run=dry_run)
        else:
            if complete is not None:
                raise typer.BadParameter("--complete is for documents; a row has all that it needs.")
            if corrections is not None and not isinstance(source, TableRows):
                raise typer.BadParameter("--corrections is for tables; see the problems with --json.")
            report = take_rows(node, file, source, dry_run=dry_run, corrections=corrections)
    except IntakeError as error:
        errors.print(str(error), markup=False, highlight=False)
        raise typer.Exit(1) from error
    if as_json:
        print_json(report)
    else:
        show(report)
    if report.empty:
        raise typer.Exit(1)
    if publish and not dry_run:
        if report.stored:
            _publish(node, report)
        else:
            say_older_wait(node)  # for example those of an import that was killed
    if report.problems or report.missing or report.waiting:
        raise typer.Exit(1)


def _refuse_options_of_rows(dates: Order | None, corrections: Path | None, *, keep_text: bool) -> None:
    given = {"--dates": dates is not None, "--corrections": corrections is not None, "--keep-text": keep_text}
    if names := [name for name, is_given in given.items() if is_given]:
        raise typer.BadParameter(f"{', '.join(names)}: for rows only, and this file is a document.")


class Rows(Protocol):
    """Rows of credentials."""

    @property
    def notes(self) -> list[str]:
        """What is to be said of the file."""
        ...

    @property
    def count(self) -> int:
        """How many rows were read."""
        ...

    @property
    def description(self) -> str:
        """What was read, in words, of a file without a row."""
        ...

    def __iter__(self) -> Iterator[ReadRow]:
        """Read every row."""
        ...


def take_rows(
    node: Node,
    file: Path,
    rows: Rows,
    *,
    dry_run: bool = False,
    corrections: Path | None = None,
    on_issued: OnIssued = lambda *_: None,
) -> Report:
    """Issue the good rows of a file and collect the bad ones; `corrections` is where a table's bad ones are written.

    `on_issued` is called for each row that is issued, or in a dry run would be; not for one that is as before.
    """
    report, stored = Report(str(file), dry_run=dry_run, notes=rows.notes), _StoredRows()
    faulty: dict[int, list[Problem]] = {}
    with progress(f"importing {file.name}") as counter:
        taking = _Taking(rows, faulty, counter, on_issued)
        outcomes = (
            node.issuer.check_all(taking.good())
            if dry_run
            else node.issuer.issue_all(taking.good(), add_rows=stored.add_count)
        )
        try:
            with closing(outcomes):  # waits for the rows that are just being stored
                for outcome in outcomes:
                    counter.advance()
                    taking.judge(report, outcome)
        except BaseException:  # a signal or an error: what is stored stays, and that is said
            _say_stopped(stored.count, "row")
            raise
    report.notes += taking.earlier.notes() + taking.replacements.notes()
    report.refused = len(faulty)
    report.problems = [problem for line in sorted(faulty) for problem in faulty[line]]
    if not rows.count:
        report.notes.append(no_rows(file, rows.description))
    if corrections is not None:
        _write_corrections(corrections, file, faulty, report)
    return report


class _Taking:
    """Reads rows, and finds for each outcome the row that it is of: outcomes come in the order of their rows."""

    def __init__(
        self,
        rows: Rows,
        faulty: dict[int, list[Problem]],
        counter: Counter,
        on_issued: OnIssued,
    ) -> None:
        """`faulty` collects what is wrong with rows, by the line that each ends at."""
        self._rows = rows
        self._faulty = faulty
        self._counter = counter
        self._on_issued = on_issued
        self._waiting: deque[tuple[int, str, IssueRequest, bool]] = deque()
        """The lines of rows, their places, they themselves, and whether each would be held."""
        self.earlier = EarlierRows()
        self.replacements = Replacements()

    def good(self) -> Iterator[IssueRequest]:
        """Yield the rows to issue."""
        for row in self._rows:
            if isinstance(row.result, tuple):
                self._faulty[row.line] = list(row.result)
                self._counter.advance()
            else:
                where = row.where
                self.earlier.add(where, row.result)
                self._waiting.append((row.line, where, row.result, row.day is not None))
                yield row.result

    def judge(self, report: Report, outcome: Outcome) -> None:
        """Count the outcome of the next row."""
        line, where, request, is_held = self._waiting.popleft()
        outcome = self.earlier.explain(where, request, outcome)
        if isinstance(outcome, NotIssued):
            value = outcome.record[:80] if outcome.field == "record" else ""
            self._faulty[line] = [Problem(where, outcome.field, value, f"{outcome.code}: {outcome.explanation}")]
        elif is_held:
            report.held += 1
        elif outcome.unchanged:
            report.unchanged += 1
        else:
            report.issued += 1
            self.replacements.add(where, outcome)
            self._on_issued(request, outcome)


def _write_corrections(path: Path, file: Path, faulty: Mapping[int, Sequence[Problem]], report: Report) -> None:
    """Write the faulty rows of a table to a file that only its owner can read."""
    if not faulty:
        report.notes.append(f"every row was taken in; {path} was not written")
        return
    told = {
        line: "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in problems)
        for line, problems in faulty.items()
    }
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.unlink(missing_ok=True)
        opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8-sig", newline="") as out:
            out.writelines(write_corrections(file, told))
        partial.replace(path)
    except OSError as error:  # what was issued is stored, and is told all the same
        partial.unlink(missing_ok=True)
        report.notes.append(f"cannot write {path}: {error.strerror}; import the file again for the corrections")
        return
    report.notes.append(f"the rows that were not taken in are in {path}, with what is wrong; it holds personal data")


class _StoredRows:
    """Counts rows in the transactions that store them: an import that is interrupted says how many there are."""

    def __init__(self) -> None:
        self._batches: dict[int, int] = {}

    @property
    def count(self) -> int:
        """How many rows became credentials."""
        return sum(self._batches.values())

    def add_count(self, transaction: Transaction, first: int, outcomes: Sequence[Outcome]) -> None:
        """Count the batch that begins with request number `first` when its transaction is stored."""
        issued = sum(isinstance(outcome, Issued) and not outcome.unchanged for outcome in outcomes)
        transaction.add(_StoredBatch(self._batches, first, issued))


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


def importer(node: Node, *, schedules: bool = False) -> Importer:
    """Who takes documents in for a node; `holds` as a batch does, which keeps an award until its day."""
    return Importer(node.registry, node.issuer, OwnCatalogue(node.registry), schedules=schedules)


def take_document(
    node: Node, document: Document, completions: dict[str, Any], *, dry_run: bool = False, schedules: bool = False
) -> Report:
    """Find or publish the achievements of a document, or make drafts of them, and issue its credentials."""
    unmapped = document.unmapped()
    report = Report(
        document.name,
        dry_run=dry_run,
        format=document.FORMAT,
        notes=[
            *other_issuer_notes(document, node.settings.member, own_content(node)),
            *document.notes,
            *oddity_notes(document),
        ],
        unmapped=unmapped.paths,
        unmapped_more=unmapped.more,
    )
    try:
        for taken in importer(node, schedules=schedules).take(document, completions, dry_run=dry_run):
            _add_award(report, taken)
    except BaseException:  # a signal or an error: what is stored stays, and that is said
        _say_stopped(0 if dry_run else report.issued, "award")
        raise
    return report


def _add_award(report: Report, taken: ImportResult) -> None:
    report.awards.append(taken)
    report.problems += taken.problems
    report.notes += [f"{taken.path}: {note}" for note in taken.notes]
    report.missing += [one for one in taken.missing if one not in report.missing]
    if taken.waiting:
        report.waiting += 1
    elif taken.problems or taken.missing:
        report.refused += 1
    elif taken.held_until is not None:
        report.held += 1
    elif taken.unchanged:
        report.unchanged += 1
    else:
        report.issued += 1


def _completions(file: Path | None) -> dict[str, Any]:
    return {} if file is None else read_completions(file)


def read_completions(file: Path) -> dict[str, Any]:
    """Return what is given beside a document or to a draft. Raises `IntakeError` for what is no such file."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise IntakeError(f"cannot read {file}: {error.strerror}") from error
    given = json_document.load(content, str(file))
    for name, value in given.items():
        if not isinstance(value, dict):
            raise IntakeError(f"{file}: {name[:80]} is no object; write {{{name[:80]!r}: {{…}}}}")
    return given


def show(report: Report) -> None:
    """Print a report for people."""
    for note in report.notes:
        say(f"note: {note}")
    for taken in report.awards:
        show_award(taken, several=len(report.awards) > 1)
    say_problems(report.problems)
    if report.missing or any(problem.field.startswith(_BESIDE) for problem in report.problems):
        say('Write these into a JSON file, {"achievement": {…}, "credential": {…}}, and give it with --complete;')
        say("or complete the draft: registry achievement draft complete DRAFT FILE")
    if report.unmapped:
        count = len(report.unmapped) + report.unmapped_more
        say(f"{count:,} things in the document have no place here:")
        for path in report.unmapped[:_SHOWN]:
            say(f"  {path}")
        if count > _SHOWN:
            every = "the first 1,000" if report.unmapped_more else "them all"
            say(f"  and {count - _SHOWN:,} more; --json lists {every}")
    would = "would be issued" if report.dry_run else "issued"
    waits = "would wait" if report.dry_run else "waiting"
    waiting = f", {report.waiting:,} {waits}" if report.waiting else ""
    waiting += f", {report.held:,} would be held until their day" if report.held else ""
    say(f"{report.issued:,} {would}, {report.unchanged:,} as before, {report.refused:,} not taken in{waiting}")


def show_award(taken: ImportResult, *, several: bool = False) -> None:
    """Say what an award of a document came to."""
    say(f"award {taken.award}, {taken.title}: {taken.how}" if several else f"{taken.title}: {taken.how}")
    if taken.achievement is not None:
        say(f"  achievement {taken.achievement}" + (f", version {taken.version}" if taken.version else ""))
    if taken.draft is not None and taken.credential is None:
        say(f"  draft {taken.draft}; its credential waits")
    elif taken.waiting and taken.credential is None:
        say("  its credential would wait, as a draft does")
    if taken.credential is not None:
        say(f"  credential {taken.credential}, learner {taken.learner}")
    for path in taken.missing:
        say(f"  wants {path}")
