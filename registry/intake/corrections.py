"""Corrections files: the rows of a file that were not taken in, to be corrected and sent again."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from registry.intake.rows.columns import NAMES
from registry.intake.rows.report import Problem, Readable
from registry.intake.rows.table_rows import NEEDED
from registry.intake.rows.tables import PROBLEM, Table
from registry.log.durable_files import create_private_file
from registry.values.formulas import DELIMITERS, escape_formulas, restore_within
from registry.values.lone_surrogates import LONE_SURROGATE

_SPLIT: Final = re.compile(f'["\r\n{DELIMITERS}]')


def write_corrections(content: Readable, faulty: Mapping[int, str]) -> Iterator[str]:
    """Yield the header and the faulty rows, a line each; `faulty` has the problems, by the line at which a row ends.

    A spreadsheet becomes a CSV with semicolons. The text of a row that cannot be read is in its first field. Values are
    escaped so that no spreadsheet runs them as formulas; `TableRows` removes the escapes within a text again. Raises
    `IntakeError` where the content is not a table.
    """
    if not faulty:
        return
    table = Table(content, NAMES, NEEDED)
    delimiter = table.delimiter or ";"
    width = len(table.names)
    is_corrections = PROBLEM in table.names
    problem_column = table.names.index(PROBLEM) if is_corrections else width
    """Column of an earlier corrections file, which this file's column replaces."""

    def format_row(values: Sequence[str], why: str) -> str:
        others = [*values[:problem_column], *values[problem_column + 1 :]]
        if is_corrections:  # its texts are escaped already; without this, each round would escape them again
            others = list(map(restore_within, others))
        return _format_line([*others, why], delimiter)

    yield format_row(table.header[:width], PROBLEM)
    for end, values in _read_rows(table):
        if (why := faulty.get(end)) is not None:
            yield format_row([*values, *[""] * (width - len(values))], why)


def write_row_corrections(rows: Iterable[tuple[Mapping[str, str], str]]) -> Iterator[str]:
    """Yield the header of the template and these rows, each with what is wrong with it, a line each.

    Values are escaped as `write_corrections` does.
    """
    yield _format_line([*NAMES, PROBLEM], ",")
    for row, why in rows:
        yield _format_line([*(row.get(name, "") for name in NAMES), why], ",")


def save_corrections(path: Path, file: Path, problems: Mapping[int, Sequence[Problem]]) -> str:
    """Write the rows of a table that have problems to a file that only its owner can read; return a note about it.

    `problems` has those of each row, by the line at which it ends. Raises nothing if the file cannot be written: what
    was issued is stored, and must be reported all the same.
    """
    if not problems:
        return f"every row was taken in; {path} was not written"
    faulty = {line: "; ".join(map(_describe, of_row)) for line, of_row in problems.items()}
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.unlink(missing_ok=True)
        with io.TextIOWrapper(create_private_file(partial), encoding="utf-8-sig", newline="") as out:
            out.writelines(write_corrections(file, faulty))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        return f"cannot write {path}: {error.strerror}; import the file again for the corrections"
    return f"the rows that were not taken in are in {path}, with what is wrong; it holds personal data"


def _describe(problem: Problem) -> str:
    return f"{problem.field}: {problem.detail}" if problem.field else problem.detail


def _read_rows(table: Table) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the line at which each row ends, and its values as the file has them."""
    if not table.delimiter:
        yield from ((row.end, row.values) for row in table)
        return
    for row, lines in table.lines_of_rows():
        if row is not None:
            yield row.end, row.values or ["".join(lines).rstrip("\r\n")]


def _format_line(row: Iterable[str], delimiter: str) -> str:
    values = (escape_formulas(LONE_SURROGATE.sub("\ufffd", value)) for value in row)
    return delimiter.join(map(_quote, values)) + "\r\n"


def _quote(value: str) -> str:
    """Return a field, in quotation marks where a program of some locale would otherwise split it."""
    return '"' + value.replace('"', '""') + '"' if _SPLIT.search(value) else value
