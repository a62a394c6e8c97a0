"""The one reader of tables: rows with a header, from CSV of any dialect or from a spreadsheet.

It reads what programs really write: `,` `;` tab or `|` between fields, any line end, a `sep=;` line, blank lines,
trailing delimiters, byte order marks, UTF-8, UTF-16 or Windows-1252, and `.xlsx`. It refuses what is uncertain, and
only the row where the others are certain. A CSV is never in memory as a whole.
"""

import csv
import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from registry.intake.rows.encodings import Encoding, encoding_of
from registry.intake.rows.lines import Lines, open_text
from registry.intake.rows.read_row import where_of
from registry.intake.rows.report import MAX_NAMED, IntakeError, Readable
from registry.intake.rows.sheet_cells import CellFault, SheetCells, hidden_note, unread_notes
from registry.intake.rows.spreadsheet import MAX_HEADER_ROW, Sheet, is_spreadsheet, open_workbook
from registry.intake.rows.xlsx_values import text_of
from registry.values.formulas import DELIMITERS

if TYPE_CHECKING:
    from registry.intake.rows.xlsx import Workbook

FIELD: Final = 128 * 1024
"""Characters of a field at most."""
MAX_COLUMNS: Final = 1000
PROBLEM: Final = "problem"
"""The column of a corrections file with the problems of the row."""
_MAX_HEADER_LINES: Final = 1000
"""Blank lines before the header at most."""
_LEFT_OUT: Final = "(column {} is left out)"
_NEAR: Final = 0.8
"""Similarity (difflib's ratio) of a column's name to a known one that counts as a typing error."""
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_BLANKS: Final = re.compile(r"[\s\u00a0_\-\u2010-\u2015]+")
_SHOWN_NAMES: Final = 400


class TableRow(NamedTuple):
    """A row: its values in the order of `Table.names`, or why it cannot be read."""

    line: int
    """Line of the file, or row of the sheet, at which it begins."""
    end: int
    """The last line that it covers."""
    values: list[str]
    fault: str = ""
    """Why the row cannot be read; then it has all its values as they are in the file."""
    cells: tuple[CellFault, ...] = ()
    """Cells of a spreadsheet without a usable value."""

    @property
    def where(self) -> str:
        """Return the row's place in words."""
        return where_of(self.line, self.end)


class Table:
    """A file of rows with a header."""

    def __init__(
        self,
        content: Readable,
        columns: Sequence[str],
        needed: Sequence[str],
        renamed: Mapping[int, str] | None = None,
    ) -> None:
        """Read the header. `needed` are the columns without which there is no table (`a|b`: one of them).

        `renamed` has the names to use in place of those of the header, by their place in it, from 0; columns without
        one are not read. Without `needed`, or with `renamed`, any header will do: of several sheets, the one with the
        most columns is read.

        Raises `IntakeError` where the file has no such header, or where it is not certain what a column is.
        """
        self._content = content
        self._columns = columns
        self._needed = needed if renamed is None else ()
        self.notes: list[str] = []
        """Notes for the reader of the result: the encoding, the sheet, columns that are not read."""
        self._workbook: Workbook | None = None
        self._encoding = Encoding("utf-8", "strict")
        self.delimiter = ""
        """Between the fields; empty for a spreadsheet."""
        if is_spreadsheet(content):
            self._workbook = open_workbook(content)
            self._sheet = self._choose_sheet(self._workbook)
        else:
            self._encoding = encoding_of(content)
            if self._encoding.note:
                self.notes.append(self._encoding.note)
            self._header_line, self.delimiter, self.header = self._find_header()
        if len(self.header) > MAX_COLUMNS:
            raise IntakeError(
                f"{content}: the header has {len(self.header):,} columns, {MAX_COLUMNS:,} at most; remove those that"
                " are not meant"
            )
        self._needed = needed
        names = [column_name(name) for name in self.header]
        if renamed is not None:
            names = [renamed.get(place, _LEFT_OUT.format(place) if name else "") for place, name in enumerate(names)]
        while names and not names[-1]:
            names.pop()
        self.names = names
        """Normalised names of the columns; empty for a column without a name."""
        self._check_header()

    @property
    def decimal_comma(self) -> bool:
        """True if a comma within a number can only be a decimal comma."""
        return self.delimiter != ","

    @property
    def description(self) -> str:
        """Description of what was read, for a file without a row."""
        names = list(filter(None, self.names))
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        kind = "sheet" if self._workbook is not None else "table"
        return f"line {self._header_line} of the {kind} names its columns ({', '.join(names[:MAX_NAMED])}{more})"

    @property
    def sheet(self) -> str:
        """The name of the sheet that is read; empty for a CSV."""
        return self._sheet.name if self._workbook is not None else ""

    @property
    def first_line(self) -> int:
        """The line of the header."""
        return self._header_line

    def __iter__(self) -> Iterator[TableRow]:
        """Yield each row that is not empty."""
        return self._read_csv_rows() if self._workbook is None else self._read_sheet_rows(self._workbook)

    # The header

    def _find_header(self) -> tuple[int, str, list[str]]:
        with open_text(self._content, self._encoding) as file:
            lines, separator = Lines(file), ""
            try:
                for line in lines:
                    if not separator and (stated := _SEPARATOR.fullmatch(line.rstrip("\r\n"))):
                        separator = stated[1]
                        lines.begin_row()
                        continue
                    if line.strip(" \r\n\u00a0" + (separator or DELIMITERS)):
                        number = lines.number
                        break
                    lines.begin_row()
                    if lines.number >= _MAX_HEADER_LINES:
                        raise IntakeError(
                            f"{self._content}: its first {lines.number:,} lines are blank; remove them, so that the"
                            " first line names the columns"
                        )
                else:
                    raise IntakeError(
                        f"{self._content} is empty; its first line names the columns, {self._describe_needed()}"
                    )
                if separator and separator not in DELIMITERS:
                    raise IntakeError(
                        f"{self._content} names {separator!r} as its delimiter; use one of , ; | or a tab"
                    )
                delimiter = separator or max(DELIMITERS, key=lambda mark: self._count_columns(line, mark))
                # A header may have cells of several lines.
                header = next(csv.reader(chain([line], lines), delimiter=delimiter, strict=True))
            except csv.Error as error:
                raise IntakeError(f"{self._content}: the header cannot be read: {error}") from error
        return number, delimiter, header

    def _count_columns(self, line: str, delimiter: str) -> tuple[int, int]:
        """Return the numbers of known columns and of fields that a header has with a delimiter."""
        try:
            header = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return len({column_name(name) for name in header[:MAX_COLUMNS]} & set(self._columns)), len(header)

    def _choose_sheet(self, workbook: "Workbook") -> Sheet:
        sheets: list[tuple[Sheet, int, list[str]]] = []
        for sheet, row in workbook.first_rows():
            number, header = (row.number, row.values) if row is not None else (0, [])
            sheets.append((sheet, number, [text_of(value) for value in header]))
        with_header = [each for each in sheets if not self._find_lacking([column_name(name) for name in each[2]])]
        if not self._needed:
            with_header = sorted(with_header, key=lambda each: -len(list(filter(None, each[2]))))[:1]
        if len(with_header) > 1:
            names = ", ".join(repr(each[0].name) for each in with_header[:10])
            raise IntakeError(
                f"{self._content} has {len(with_header)} sheets with these columns, {names}; save the one that is meant"
                " as a file of its own"
            )
        sheet, self._header_line, self.header = (with_header or sheets)[0]
        if not any(self.header):
            raise IntakeError(
                f"{self._content} is empty: no sheet has a value in its first {MAX_HEADER_ROW:,} rows; the first row"
                f" names the columns, {self._describe_needed()}"
            )
        if len(sheets) > 1:
            self.notes.append(f"read sheet {sheet.name!r}, the only one of {len(sheets)} that has these columns")
            self.notes += unread_notes(workbook.rows_of_others(sheet))
        return sheet

    def _describe_needed(self) -> str:
        return f"{', '.join(name.replace('|', ' or ') for name in self._needed)} among them"

    def _find_lacking(self, names: Sequence[str]) -> list[str]:
        return [name for name in self._needed if not set(name.split("|")) & set(names)]

    def _check_header(self) -> None:
        names, columns = self.names, self._columns
        unknown = [name for name in names if name and name not in columns and name != PROBLEM]
        if missing := self._find_lacking(names):
            near = {name: difflib.get_close_matches(name, unknown, 1) for name in missing}
            hints = [
                f"{name.replace('|', ' or ')} (is it {matches[0]!r}?)" if matches else name.replace("|", " or ")
                for name, matches in near.items()
            ]
            further = "" if set(names) & set(columns) else " Is it further down? Delete the lines above it."
            raise IntakeError(
                f"{self._content}: the header lacks {', '.join(hints)}; it has"
                f" {', '.join(filter(None, names))[:_SHOWN_NAMES]}.{further} All that there are: {', '.join(columns)}"
            )
        counts = Counter(names)
        if twice := [name for name in (*columns, PROBLEM) if counts[name] > 1]:
            raise IntakeError(f"{self._content}: the header names {', '.join(sorted(twice))} twice")
        absent = [name for name in columns if name not in names]
        for name in unknown:
            if alike := difflib.get_close_matches(name, absent, 1, _NEAR):
                raise IntakeError(
                    f"{self._content}: column {name!r} is not known; is it {alike[0]!r}? Rename it, or remove it"
                )
        unnamed = [place for place, name in enumerate(names, 1) if not name]
        self.notes += [f"column {name!r} is not known and was not read" for name in unknown[:MAX_NAMED]]
        self.notes += [f"column {place} has no name and was not read" for place in unnamed[:MAX_NAMED]]
        if (more := len(unknown[MAX_NAMED:]) + len(unnamed[MAX_NAMED:])) > 0:
            self.notes.append(f"{more:,} more columns are not known, or have no name, and were not read")

    # Rows

    def _read_csv_rows(self) -> Iterator[TableRow]:
        return (row for row, _ in self.lines_of_rows() if row is not None)

    def lines_of_rows(self) -> Iterator[tuple[TableRow | None, list[str]]]:
        """Yield each row of a CSV after its header with its lines; None for blank lines.

        Lines are decoded and have their ends.
        """
        csv.field_size_limit(FIELD)
        with open_text(self._content, self._encoding) as file:
            lines = Lines(file)
            while lines.number < self._header_line - 1:
                next(lines)
                lines.begin_row()
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            next(reader, None)
            width, header_width = len(self.names), len(self.header)
            before = lines.number
            while True:
                lines.begin_row()
                first = before + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # The lines after the first are read as rows of their own.
                    lines.return_all_but_first()
                    before = lines.number
                    yield TableRow(first, before, [], _unreadable(error)), lines.taken
                    continue
                before = lines.number
                if not values or not (values[0].strip() or any(map(str.strip, values))):
                    yield None, lines.taken
                    continue
                fault = "" if len(values) == width == header_width else self._find_width_fault(values)
                if before > first and not fault:
                    fault = self._find_swallowed_rows(values)
                yield TableRow(first, before, values if fault else values[:width], fault), lines.taken

    def lines_before_rows(self) -> list[str]:
        """Return the lines of a CSV up to its header, the header among them."""
        with open_text(self._content, self._encoding) as file:
            lines, before = Lines(file), list[str]()
            while lines.number < self._header_line - 1:
                before.append(next(lines))
                lines.begin_row()
            next(csv.reader(lines, delimiter=self.delimiter, strict=True), None)
            return before + lines.taken

    def _find_width_fault(self, values: Sequence[str]) -> str:
        """Return the fault of a row with another number of fields than columns with a name; empty if it is harmless."""
        width, header_width = len(self.names), len(self.header)
        if len(values) < width:
            return width_fault(values, self.header[: max(width, 1)])
        if any(value.strip() for value in values[width:]):
            if len(values) <= header_width:
                return "has a value beyond the last column that has a name"
            return width_fault(values, self.names)
        # In a file of semicolons, empty fields at the end are nothing but trailing delimiters. A comma may be one of
        # a number or a name that shifted all that follows by one field.
        if len(values) > header_width and self.delimiter == ",":
            return (
                f"{width_fault(values, self.header)}: is there a comma within a field, which then is in quotation"
                " marks? If every row ends with a comma, end the header with one, too"
            )
        return ""

    def _find_swallowed_rows(self, values: Sequence[str]) -> str:
        """Return the fault of a row of several lines if one of them looks like a row; empty otherwise."""
        lines = [line for value in values for line in value.splitlines()[1:]]
        if len(values) > 1 and any(line.count(self.delimiter) >= len(values) - 1 for line in lines):
            return "holds further rows within a field; is a quotation mark left open?"
        return ""

    def _read_sheet_rows(self, workbook: "Workbook") -> Iterator[TableRow]:
        width, hidden_rows = len(self.names), list[int]()
        cells = SheetCells(self.names, self._columns, workbook.list_merged_ranges(self._sheet))
        for number, row, is_hidden in workbook.rows(self._sheet):
            if number <= self._header_line:
                continue
            values, faults = cells.read(number, row)
            if not any(value.strip() for value in values):
                continue
            if is_hidden:
                hidden_rows.append(number)
            fault = ""
            if any(value.strip() for value in values[width:]):
                fault = "has a value beyond the last column that has a name"
            yield TableRow(number, number, values if fault else values[:width], fault, tuple(faults))
        if hidden_rows and (note := hidden_note(hidden_rows)) not in self.notes:
            self.notes.append(note)


def column_name(text: str) -> str:
    """Return a column's name in lower case, with underscores for spaces and hyphens."""
    if text.isascii() and text.isidentifier():
        return text.lower()
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return _BLANKS.sub("_", visible.strip().strip("\u00a0").lower()).strip("_")[:200]


_UNREADABLE: Final = "cannot be read as a row"
INCOMPLETE_ROW: Final = re.compile(rf"has \d+ fields? where the header has \d+|{_UNREADABLE}")
"""A fault of `width_fault` or `_unreadable` in the `problem` column of a corrections file.

Each row of such a file has as many fields as its header, also where the original row had another number. A row that was
too short would look complete if it were sent again without a change.
"""


def width_fault(values: Sequence[str], names: Sequence[str]) -> str:
    """Return the fault of a row that has more or fewer fields than the header has names."""
    return f"has {len(values)} field{'' if len(values) == 1 else 's'} where the header has {len(names)}"


def _unreadable(error: csv.Error) -> str:
    message = str(error)
    if message.startswith("unexpected end"):
        return f"{_UNREADABLE}: a quotation mark is left open"
    if message.startswith("has more than"):
        return f"{_UNREADABLE}: it {message}; is a quotation mark left open?"
    return f"{_UNREADABLE}: {message}; is a quotation mark left open, or one amid a field?"
