"""The university's own course codes."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.cli.issuing.problem_groups import say_problems
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say
from registry.intake.course_codes import CodeChange, CourseCode, CourseCodeRows, CourseCodes, write_csv
from registry.intake.rows.report import IntakeError, Problem
from registry.values.uuids import canonical_uuid

_PAGE = 1000

app = typer.Typer(help="Which achievement each of the university's own course codes stands for.", no_args_is_help=True)


def add_to(main: typer.Typer) -> None:
    """Add these commands."""
    main.add_typer(app, name="course-code")


class CodeImport(msgspec.Struct):
    """The outcome of an import of course codes."""

    set: int
    refused: int
    """Rows that were not taken."""
    problems: list[Problem]
    """The problems of these rows."""
    notes: list[str]
    changes: list[CodeChange]
    """Codes that stood for another achievement or version before."""


@app.command("set")
def set_one(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Your own course code.")],
    achievement: Annotated[str, typer.Argument(help="The achievement's id.")],
    version: Annotated[int | None, typer.Option(help="One version of it; else always the newest.")] = None,
) -> None:
    """Let a course code stand for an achievement.

    Example: registry course-code set 191820-1A 0bbac7a9-… --version 2
    """
    codes = CourseCodes(node_of(context).registry)
    entry = CourseCode(code, canonical_uuid(achievement), version)
    if faults := codes.find_faults(entry):
        raise typer.BadParameter("; ".join(f"{field} {detail}" for field, detail in faults))
    changes = codes.list_changes([entry])
    codes.change([entry])
    say(f"{code} stands for {achievement}, " + ("the newest version" if version is None else f"version {version}"))
    for change in changes:
        say(str(change))


@app.command("import")
def import_codes(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="A table (CSV, .xlsx) with the columns code, achievement and version."
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set many codes from a table. Bad rows are reported, good ones count; codes that it does not name stay.

    Exits 1 if a row was not taken.

    Example: registry course-code import courses.csv
    """
    codes = CourseCodes(node_of(context).registry)
    entries: list[CourseCode] = []
    try:
        rows = CourseCodeRows(file)
        outcome = CodeImport(0, 0, [], rows.notes, [])
        for line, row in rows:
            if isinstance(row, Problem):
                problems = [row]
            else:
                problems = [
                    Problem(f"line {line}", name, row.text(name)[:80], why) for name, why in codes.find_faults(row)
                ]
            if problems:
                outcome.problems += problems
                outcome.refused += 1
            elif isinstance(row, CourseCode):
                entries.append(row)
    except IntakeError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    outcome.changes = codes.list_changes(entries)
    if not dry_run:
        codes.change(entries)
    outcome.set = len(entries)
    if as_json:
        print_json(outcome)
    else:
        for note in outcome.notes:
            say(f"note: {note}")
        say_problems(outcome.problems)
        for change in outcome.changes:
            say(str(change))
        say(f"{outcome.set:,} {'would be ' if dry_run else ''}set, {outcome.refused:,} not")
    if outcome.problems:
        raise typer.Exit(1)


@app.command("list")
def list_all(
    context: typer.Context,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List the codes.

    Example: registry course-code list --csv > courses.csv
    """
    codes = CourseCodes(node_of(context).registry)
    entries: list[CourseCode] = []
    while page := codes.read_page(_PAGE, entries[-1].code if entries else ""):
        entries += page
    if as_csv:  # the form that `course-code import` reads
        typer.echo(write_csv(entries), nl=False)
        return
    columns = [
        Column("code", lambda code: code.code),
        Column("achievement", lambda code: code.achievement),
        Column("version", lambda code: code.version or "newest"),
    ]
    print_list(entries, columns, as_json=as_json, as_csv=False, wide=wide)


@app.command("remove")
def remove(context: typer.Context, code: Annotated[str, typer.Argument(help="The course code.")]) -> None:
    """Remove a code; what was issued stays.

    Example: registry course-code remove 191820-1A
    """
    if not CourseCodes(node_of(context).registry).remove(code):
        errors.print(f"there is no course code {code}", markup=False)
        raise typer.Exit(1)
