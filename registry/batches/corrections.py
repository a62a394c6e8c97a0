"""The rows of a batch that were not taken in, as a file to be corrected and sent in again."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from registry.batches.spool import Spooled
from registry.intake.csv_rows import PROBLEM

_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?|[+-]")


def corrections_of(content: Spooled, faulty: dict[int, str]) -> Iterator[str]:
    """The header and the faulty rows, a line each; lines are counted as the reader that found them counts."""
    if not faulty:
        return
    with (
        content.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file,
    ):
        head = file.readline()
        delimiter = max(",;\t|", key=head.count)
        names = next(csv.reader([head], delimiter=delimiter))
        yield _written([*names, PROBLEM], delimiter)
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                continue
            if any(row) and (why := faulty.get(reader.line_num + 1)) is not None:
                yield _written([*row, *[""] * (len(names) - len(row)), why], delimiter)


def _harmless(value: str) -> str:
    """As it is, unless a spreadsheet would run it; numbers with a sign, as grades have them, are no formulas."""
    runs = value.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(value)
    return f"'{value}" if runs else value


def _written(row: list[str], delimiter: str) -> str:
    into = io.StringIO()
    csv.writer(into, delimiter=delimiter, lineterminator="\r\n").writerow(map(_harmless, row))
    return into.getvalue()
