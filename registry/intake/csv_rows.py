"""Credential rows from a CSV file of any length."""

import csv
import difflib
import re
from collections.abc import Iterator
from datetime import date
from io import TextIOWrapper
from typing import Final, TextIO

from registry.intake.columns import COLUMNS, NAMES, REQUIRED, RowChecker, example_note
from registry.intake.plain_rows import misshapen
from registry.intake.report import Catalogue, IntakeError, Problem, Readable
from registry.requests import IssueRequest

_DELIMITERS: Final = ",;\t|"
FIELD: Final = 128 * 1024
"""Characters of a field at most."""
_NEAR: Final = 0.8
"""How alike a column's name and a known one are that it is taken for a slip of the pen (difflib's ratio)."""
_MISSHAPEN: Final = re.compile(r"has \d+ fields? where the header has \d+")
PROBLEM: Final = "problem"
"""The column of a corrections file that says what was wrong with the row.

Such a file has as many fields in every row as in its header, whatever the row had: one that was short, sent in again
as it came back, would pass for a whole one.
"""
NO_ROWS: Final = "there is a header and no row: nothing was taken in"
"""The note on a file that has nothing but a header."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class CsvRows:
    """A CSV file with a header. Delimiter `,` `;` tab or `|`, UTF-8 with or without a byte order mark."""

    def __init__(self, path: Readable, catalogue: Catalogue, *, holds: bool = False) -> None:
        """Reads the header. Raises `IntakeError` where the file is none that rows can be read from."""
        self.path = path
        self.line = 0
        """The line that the row given last ends at."""
        self._checker = RowChecker(catalogue, holds=holds)
        with path.open("rb") as file:
            head = file.read(64 * 1024)
        if head.startswith(_UTF16) or (b"\0" in head and not head.strip(b"\0").count(b"\0") < len(head) // 4):
            raise IntakeError(f"{path} is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
        first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode(errors="replace").rstrip("\r")
        if not first.strip():
            raise IntakeError(f"{path} is empty; its first line names the columns, {', '.join(REQUIRED)} among them")
        self._delimiter, self._names = header_of(first)
        self.notes = self._check_header()
        """What is to be said of the file; more, once its rows are read."""

    def _check_header(self) -> list[str]:
        # A course code stands for the achievement.
        missing = [
            name for name in REQUIRED
            if name not in self._names and not (name == "achievement" and "course" in self._names)
        ]  # fmt: skip
        unknown = [name for name in self._names if name not in NAMES]
        if missing:
            near = {name: difflib.get_close_matches(name, unknown, 1) for name in missing}
            hints = [f"{name} (is it {found[0]!r}?)" if found else name for name, found in near.items()]
            raise IntakeError(
                f"{self.path}: the header lacks {', '.join(hints)}; it has {', '.join(self._names)[:400]}."
                f" All that there are: {', '.join(NAMES)}"
            )
        twice = {name for name in self._names if name in NAMES and self._names.count(name) > 1}
        if twice:
            raise IntakeError(f"{self.path}: the header names {', '.join(sorted(twice))} twice")
        absent = [name for name in NAMES if name not in self._names]
        for name in unknown:
            if alike := difflib.get_close_matches(name, absent, 1, _NEAR):
                raise IntakeError(
                    f"{self.path}: column {name!r} is not known; is it {alike[0]!r}? Rename it, or remove it"
                )
        return [f"column {name!r} is not known and was not read" for name in unknown if name != PROBLEM]

    @property
    def held_until(self) -> date | None:
        """The day from which the row given last is to be published, where that is to come (and rows are held)."""
        return self._checker.held_until

    def __iter__(self) -> Iterator[IssueRequest | Problem]:
        """Every row, as a request or as what is wrong with it."""
        # Bytes that are no UTF-8 come through as lone surrogates, so that one bad row does not end the file.
        with (
            self.path.open("rb") as raw,
            TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
        ):
            yield from self._rows(file)

    def _rows(self, file: TextIO) -> Iterator[IssueRequest | Problem]:
        csv.field_size_limit(FIELD)
        reader = csv.reader(file, delimiter=self._delimiter)
        next(reader, None)
        names, width, check = self._names, len(self._names), self._checker.check
        before, rows = reader.line_num, 0
        while True:
            try:
                values = next(reader)
            except StopIteration:
                if not rows and NO_ROWS not in self.notes:
                    self.notes.append(NO_ROWS)
                return
            except csv.Error as error:
                before = self.line = reader.line_num
                rows += 1
                yield Problem(
                    f"line {before}", "", "", f"cannot be read as a row: {error}; is a quotation mark left open?"
                )
                continue
            line, before = before + 1, reader.line_num
            self.line = before
            if not any(values):
                continue
            rows += 1
            if len(values) != width:
                where = f"line {line}" if before == line else f"lines {line} to {before}"
                yield Problem(
                    where,
                    "",
                    "",
                    f"{misshapen(values, names)}; is a delimiter or a quotation mark amiss?",
                )
                continue
            row = dict(zip(names, values, strict=True))
            if _MISSHAPEN.match(row.get(PROBLEM, "")):
                yield Problem(
                    f"line {line}",
                    PROBLEM,
                    "",
                    f"says that the row was not complete; put its fields right, and empty {PROBLEM!r}",
                )
                continue
            found = check(line, row)
            if found is not None:
                yield found
            elif (note := example_note(line)) not in self.notes:
                self.notes.append(note)


def header_of(first: str) -> tuple[str, list[str]]:
    """The delimiter and the columns' names that a file's first line has."""
    delimiter = max(_DELIMITERS, key=lambda d: len(set(_names(first, d)) & set(NAMES)))
    return delimiter, _names(first, delimiter)


def _names(header: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []  # then no column is found, and that is said
    return [name.strip().lower().replace(" ", "_") for name in row]


def template() -> str:
    """A CSV to fill in: the header, and an example row that is passed over."""
    return ",".join(c.name for c in COLUMNS) + "\n" + ",".join(c.example for c in COLUMNS) + "\n"
