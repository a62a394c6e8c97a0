"""The university's own course codes."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.cli.issuing.grouped import say_problems
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


class Imported(msgspec.Struct):
    """What an import of codes came to."""

    set: int
    refused: int
    """Rows that were not taken."""
    problems: list[Problem]
    """All that is wrong with these."""
    notes: list[str]
    changes: list[CodeChange]
    """Codes that stood for something else before."""


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
    if wrong := codes.find_faults(entry):
        raise typer.BadParameter("; ".join(f"{field} {detail}" for field, detail in wrong))
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
    waiting: list[CourseCode] = []
    try:
        rows = CourseCodeRows(file)
        done = Imported(0, 0, [], rows.notes, [])
        for line, row in rows:
            if isinstance(row, Problem):
                problems = [row]
            else:
                problems = [
                    Problem(f"line {line}", name, row.text(name)[:80], why) for name, why in codes.find_faults(row)
                ]
            if problems:
                done.problems += problems
                done.refused += 1
            elif isinstance(row, CourseCode):
                waiting.append(row)
    except IntakeError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from error
    done.changes = codes.list_changes(waiting)
    if not dry_run:
        codes.change(waiting)
    done.set = len(waiting)
    if as_json:
        print_json(done)
    else:
        for note in done.notes:
            say(f"note: {note}")
        say_problems(done.problems)
        for change in done.changes:
            say(str(change))
        say(f"{done.set:,} {'would be ' if dry_run else ''}set, {done.refused:,} not")
    if done.problems:
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
    found: list[CourseCode] = []
    while page := codes.read_page(_PAGE, found[-1].code if found else ""):
        found += page
    if as_csv:  # the form that `course-code import` reads
        typer.echo(write_csv(found), nl=False)
        return
    columns = [
        Column("code", lambda code: code.code),
        Column("achievement", lambda code: code.achievement),
        Column("version", lambda code: code.version or "newest"),
    ]
    print_list(found, columns, as_json=as_json, as_csv=False, wide=wide)


@app.command("remove")
def remove(context: typer.Context, code: Annotated[str, typer.Argument(help="The course code.")]) -> None:
    """Drop a code; what was issued stays.

    Example: registry course-code remove 191820-1A
    """
    if not CourseCodes(node_of(context).registry).remove(code):
        errors.print(f"there is no course code {code}", markup=False)
        raise typer.Exit(1)
