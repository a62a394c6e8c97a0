"""Sheets of a spreadsheet file (.xlsx): rows of cells, each as the text that a person would have typed.

openpyxl reads the file, through an archive with limits. This module marks the cells that have lost digits, have an
error value, or are displayed in another way than they are stored.
"""

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final, NamedTuple

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE, is_date_format, is_datetime
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS

from registry.intake.rows.report import IntakeError, Readable
from registry.intake.rows.spreadsheet import MAX_HEADER_ROW, MergedRange, Sheet
from registry.intake.rows.xlsx_archive import MAX_ELEMENTS, Archive, EndOfRows
from registry.intake.rows.xlsx_texts import MAX_CELL, read_texts
from registry.intake.rows.xlsx_values import Cell, Value, day_value, number_value, text_of, text_value

MAX_SHEETS: Final = 100
DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number."""
_EAST_ASIAN_DAYS: Final = frozenset({*range(27, 37), *range(50, 59)})
"""Numbers of built-in formats that show a day, and that openpyxl does not know."""
_NO_RESULT: Final = "is a formula without a value; open the file in a spreadsheet program and save it"
_WITH_TIME: Final = "is a day with a time of day; write the day alone"


class Row(NamedTuple):
    """A row that has cells."""

    number: int
    """Number in the sheet, from 1."""
    values: list[Value]
    is_hidden: bool


class _Texts(list[str]):
    """The table of texts. openpyxl would stop at an index beyond its end, and count a negative one from there."""

    def __getitem__(self, index: int) -> Value:  # type: ignore[override]  # openpyxl passes the value on unread
        if 0 <= index < len(self):
            return super().__getitem__(index)
        return Cell(str(index)[:20], "refers to a text that the spreadsheet does not have; save the file again")


class Workbook:
    """The sheets of one file, which is in memory in its compressed form."""

    def __init__(self, content: Readable) -> None:
        """Read the description of the workbook. Raises `IntakeError`, also where the file is too large."""
        # Nothing that openpyxl warns of (styles, extensions) touches a value. The filter is added once at most.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        self._archive = Archive(content)
        reader = ExcelReader(io.BytesIO(self._archive.packed), read_only=True, data_only=True, keep_links=False)
        reader.archive = self._archive
        try:
            reader.read_manifest()
            reader.read_workbook()
            self.sheets = self._list_sheets(reader)
            apply_stylesheet(self._archive, reader.wb)
            self._texts: Any = _Texts(self._read_texts(reader))  # openpyxl passes its items on without a look at them
        except IntakeError:
            raise
        except Exception as error:  # openpyxl raises errors of many kinds
            raise self._archive.unreadable(f"its description ({type(error).__name__})") from error
        if not self.sheets:
            raise IntakeError(f"{content} is a spreadsheet without a sheet of cells")
        self._book: Any = reader.wb  # the stubs leave out what openpyxl's own readers use of it
        self._epoch = reader.wb.epoch
        self._formats: dict[int, tuple[int, str]] = {}

    def _read_texts(self, reader: ExcelReader) -> list[str]:
        package: Any = reader.package  # without types
        if (described := package.find(SHARED_STRINGS)) is None:
            return []
        name = described.PartName[1:]
        self._archive.begin(MAX_ELEMENTS)
        return read_texts(self._archive.part(name), lambda why: self._archive.unreadable(f"{name}: {why}"))

    def _list_sheets(self, reader: ExcelReader) -> list[Sheet]:
        """Return the sheets of cells. Raises `IntakeError` where a sheet is missing or listed twice."""
        if len(reader.parser.sheets) > MAX_SHEETS:
            raise IntakeError(
                f"{self._archive.name} has more than {MAX_SHEETS} sheets; save the one that is meant as CSV"
            )
        names, sheets, parts = set(reader.valid_files), list[Sheet](), set[str]()
        for listed, relation in reader.parser.find_sheets():
            if relation.target not in names:
                raise self._archive.unreadable("it lists a sheet that it does not have")
            if relation.target in parts:
                raise self._archive.unreadable("it lists one sheet twice")
            parts.add(relation.target)
            if "chartsheet" not in relation.Type:
                sheets.append(Sheet(listed.name[:80], relation.target))
        if len(parts) != len(reader.parser.sheets):
            raise self._archive.unreadable("it lists a sheet that it does not have")
        return sheets

    def first_rows(self) -> Iterator[tuple[Sheet, Row | None]]:
        """Yield each sheet with its first row that has a value, within the first thousand; None where there is none.

        One budget limits the reading of all sheets together. Raises `IntakeError` as `rows` does.
        """
        self._archive.begin_headers()
        for sheet in self.sheets:
            self._archive.formulas.clear()
            self._archive.hidden.clear()
            rows = takewhile(lambda row: row.number <= MAX_HEADER_ROW, self._rows(sheet))
            yield sheet, next((row for row in rows if any(map(text_of, row.values))), None)

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """Yield each row that has cells. Raises `IntakeError` for a damaged sheet, and for one that is too large."""
        self._archive.begin(MAX_ELEMENTS)
        return self._rows(sheet)

    def count_rows(self) -> tuple[int, bool]:
        """Return the number of rows with cells in all sheets, and True if all of them could be read."""
        self._archive.begin(MAX_ELEMENTS)
        count, is_certain = 0, True
        for sheet in self.sheets:
            with suppress(IntakeError):  # said where it is read
                count += self._archive.part(sheet.part).survey().rows
                continue
            is_certain = False
        return count, is_certain

    def rows_of_others(self, sheet: Sheet) -> list[tuple[str, int | None]]:
        """Return the name of each other sheet, and its rows with a value; None where they cannot be counted."""
        self._archive.begin(MAX_ELEMENTS)
        counts = list[tuple[str, int | None]]()
        for other in self.sheets:
            if other.part != sheet.part:
                count = None
                with suppress(IntakeError):  # said by the None
                    count = self._archive.part(other.part).survey().rows_with_values
                counts.append((other.name, count))
        return counts

    def list_merged_ranges(self, sheet: Sheet) -> list[MergedRange]:
        """Return the merged ranges of a sheet. Raises `IntakeError` as `rows` does."""
        self._archive.begin(MAX_ELEMENTS)
        return self._archive.part(sheet.part).survey().merged

    def _rows(self, sheet: Sheet) -> Iterator[Row]:
        archive, book, number = self._archive, self._book, 0
        try:
            with archive.part(sheet.part) as part:
                parser = WorkSheetParser(
                    part,
                    self._texts,
                    data_only=True,
                    epoch=self._epoch,
                    date_formats=book._date_formats,  # noqa: SLF001 - as openpyxl's own reader of rows does
                    timedelta_formats=book._timedelta_formats,  # noqa: SLF001 - likewise
                )
                for number, cells in parser.parse():
                    parser.row_dimensions.clear()  # it would keep the attributes of every row
                    formulas, is_hidden = archive.formulas.pop(number, ()), number in archive.hidden
                    archive.hidden.discard(number)
                    if not cells:
                        continue
                    values: list[Value] = [""] * cells[-1]["column"]
                    for cell in cells:
                        column = cell["column"]
                        if cell["value"] is not None:
                            values[column - 1] = self._value(cell["value"], cell["data_type"], cell["style_id"])
                        elif column in formulas:
                            values[column - 1] = Cell("=…", _NO_RESULT)
                    yield Row(number, values, is_hidden)
        except EndOfRows:
            return
        except IntakeError:
            raise
        except Exception as error:  # openpyxl raises errors of many kinds
            # Its message may show a person's data.
            why = f"sheet {sheet.name!r}, a cell after row {number} ({type(error).__name__})"
            raise self._archive.unreadable(why) from error

    def _value(self, value: object, data_type: str, style: int) -> Value:
        if isinstance(value, Cell):
            return value
        if data_type == "e":
            return Cell(str(value)[:20], "is a spreadsheet's error value; write the value itself")
        if isinstance(value, bool):
            return str(value).upper()
        number_format, code = self._formats.get(style) or self._format(style)
        if isinstance(value, str):
            if len(value) > MAX_CELL:
                return Cell(value[:20], f"has more than {MAX_CELL:,} characters")
            return value if code in ("General", "@") else text_value(value, code)
        if isinstance(value, int | float):
            if number_format not in _EAST_ASIAN_DAYS:
                return _number(value, code)
            value = from_excel(value, self._epoch)
        elif is_date_format(code) and is_datetime(code.lower()) == "time":
            return Cell(str(value)[:20], "is shown as a time of day or a month; write the day as YYYY-MM-DD")
        day = _day(value, self._epoch)
        return day_value(day, code) if isinstance(day, str) else day

    def _format(self, style: int) -> tuple[int, str]:
        """Return the number of a style's format, and the format itself."""
        number = self._book._cell_styles[style].numFmtId  # noqa: SLF001 - as openpyxl's own cells do
        if number < BUILTIN_FORMATS_MAX_SIZE:
            code = BUILTIN_FORMATS.get(number, "General")
        else:
            code = self._book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE]  # noqa: SLF001 - likewise
        self._formats[style] = number, code or "General"
        return self._formats[style]


def _number(value: float, code: str) -> Value:
    """Return a number as it would be typed, with the leading zeros that its format displays."""
    if not abs(value) < 10**DIGITS:
        return Cell(
            str(value)[:24],
            f"is a number of more than {DIGITS} digits, of which a spreadsheet loses the last; format the column as"
            " text and write it again",
        )
    return number_value(Decimal(f"{value:.{DIGITS}g}"), code)


def _day(value: object, epoch: dt.datetime) -> str | Cell:
    """Return the ISO day of a cell that is displayed as a day, from its value in openpyxl."""
    moment = value if isinstance(value, dt.datetime) else None
    if type(value) is dt.date:
        moment = dt.datetime.combine(value, dt.time())
    if moment is None or moment.time() != dt.time():
        return Cell(str(value)[:20], _WITH_TIME)
    if moment < epoch:
        return Cell(str(value)[:20], "is not a day that a spreadsheet can show; write it as YYYY-MM-DD")
    if epoch == WINDOWS_EPOCH and moment < dt.datetime(1900, 3, 1):  # noqa: DTZ001 - a day of a calendar, without a zone
        # The programs count a 29 February 1900 that never was: days before it are a day off.
        return Cell(str(value)[:20], "is a day before March 1900, which spreadsheets count wrongly; write it as text")
    return moment.date().isoformat()
