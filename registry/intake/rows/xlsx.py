"""Sheets of a spreadsheet file (.xlsx): rows of cells, each as the text that a person would have typed.

openpyxl reads the file, through an archive with bounds. A number that has lost digits, an error value and a code whose
leading zeros are only its cell's format are told apart from good values here.
"""

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple, cast

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import is_date_format, is_datetime
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel

from registry.intake.rows.report import IntakeError, Readable
from registry.intake.rows.xlsx_archive import Archive, EndOfRows

MAX_SHEETS: Final = 100
MAX_CELL: Final = 32_767
"""Characters in a cell, as in the spreadsheet programs."""
DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number."""
_ZIP: Final = b"PK\x03\x04"
_EAST_ASIAN_DAYS: Final = frozenset({*range(27, 37), *range(50, 59)})
"""Numbers of built-in formats that show a day, and that openpyxl does not know."""
_NO_RESULT: Final = "is a formula without a value; open the file in a spreadsheet program and save it"
_WITH_TIME: Final = "is a day with a time of day; write the day alone"


class Cell(NamedTuple):
    """A cell that is no plain text: a value that cannot be taken, and why."""

    shown: str
    fault: str


Value = str | Cell


class Sheet(NamedTuple):
    """A sheet of a workbook."""

    name: str
    place: int
    """Its place among the sheets that have cells, from 0."""


class _Texts(list[str]):
    """The table of texts. openpyxl would stop at an index beyond its end, and count a negative one from there."""

    def __getitem__(self, index: int) -> Value:  # type: ignore[override]  # openpyxl passes the value on unread
        if 0 <= index < len(self):
            return super().__getitem__(index)
        return Cell(str(index)[:20], "refers to a text that the spreadsheet does not have; save the file again")


class Workbook:
    """The sheets of one file, which is held in memory as it is packed."""

    def __init__(self, content: Readable) -> None:
        """Read what describes the workbook. Raises `IntakeError`, also where the file is too large."""
        # Nothing that openpyxl warns of (styles, extensions) touches a value. The filter is added once at most.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        self._archive = Archive(content)
        reader = ExcelReader(io.BytesIO(self._archive.packed), read_only=True, data_only=True, keep_links=False)
        reader.archive = self._archive
        try:
            reader.read_manifest()
            reader.read_strings()
            reader.shared_strings = _Texts(reader.shared_strings)
            reader.read_workbook()
            listed = _sheet_names(reader, content)
            apply_stylesheet(self._archive, reader.wb)
            reader.read_worksheets()
        except IntakeError:
            raise
        except Exception as error:  # openpyxl raises whatever its own code meets
            raise self._archive.unreadable(f"what describes it ({type(error).__name__})") from error
        if reader.wb.sheetnames != listed:
            raise self._archive.unreadable("it lists a sheet that it does not have")
        self._worksheets = reader.wb.worksheets
        if not self._worksheets:
            raise IntakeError(f"{content} is a spreadsheet without a sheet of cells")
        self._epoch = reader.wb.epoch
        self.sheets = [Sheet(sheet.title[:80], place) for place, sheet in enumerate(self._worksheets)]

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[Value], bool]]:
        """Yield each row that has cells: its number in the sheet (from 1), its values, and whether it is hidden.

        Raises `IntakeError` for what is no sheet, and for one that is too large.
        """
        worksheet, number = self._worksheets[sheet.place], 0
        worksheet.reset_dimensions()  # what the sheet states of its size need not be so
        self._archive.begin()
        hidden = self._archive.hidden
        try:
            rows = cast("Iterator[tuple[ReadOnlyCell, ...]]", worksheet.iter_rows())
            for number, cells in enumerate(rows, 1):
                formulas = self._archive.formulas.pop(number, ())
                if cells:
                    values = [self._value(cell) for cell in cells]
                    for column in formulas:
                        if cells[column - 1].value is None:
                            values[column - 1] = Cell("=…", _NO_RESULT)
                    yield number, values, number in hidden
                hidden.discard(number)
        except EndOfRows:
            return
        except IntakeError:
            raise
        except Exception as error:  # openpyxl raises whatever its own code meets
            # Its message may show a person's data.
            why = f"sheet {sheet.name!r}, a cell after row {number} ({type(error).__name__})"
            raise self._archive.unreadable(why) from error

    def _value(self, cell: ReadOnlyCell) -> Value:
        value: object = cell.value
        if value is None:
            return ""
        if isinstance(value, Cell):
            return value
        if cell.data_type == "e":
            return Cell(str(value)[:20], "is a spreadsheet's error value; write the value itself")
        if isinstance(value, str):
            return value if len(value) <= MAX_CELL else Cell(value[:20], f"has more than {MAX_CELL:,} characters")
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int | float):
            if cell.style_array.numFmtId not in _EAST_ASIAN_DAYS:
                return _number(value, cell.number_format)
            value = from_excel(value, self._epoch)
        elif is_date_format(cell.number_format) and is_datetime(cell.number_format.lower()) == "time":
            return Cell(str(value)[:20], "is shown as a time of day or a month; write the day as YYYY-MM-DD")
        return _day(value, self._epoch)


def _sheet_names(reader: ExcelReader, content: Readable) -> list[str]:
    if len(reader.parser.sheets) > MAX_SHEETS:
        raise IntakeError(f"{content} has more than {MAX_SHEETS} sheets; save the one that is meant as CSV")
    return [sheet.name for sheet in reader.parser.sheets]


def is_spreadsheet(content: Readable) -> bool:
    """Return whether a file is an archive, as an `.xlsx` is. Raises `IntakeError` where it cannot be opened."""
    try:
        with content.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError as error:
        raise IntakeError(f"cannot read {content}: {error.strerror}") from error


def text_of(value: Value) -> str:
    """Return a cell's text, or what the spreadsheet shows where it holds no value that can be taken."""
    return value.shown if isinstance(value, Cell) else value


def _number(value: float, code: str) -> Value:
    """Return a number as it would be typed, with the zeros in front that its format shows."""
    if not abs(value) < 10**DIGITS:
        return Cell(
            str(value)[:24],
            f"is a number of more than {DIGITS} digits, of which a spreadsheet loses the last; format the column as"
            " text and write it again",
        )
    plain = format(Decimal(f"{value:.{DIGITS}g}"), "f")
    return plain.zfill(len(code)) if code and not code.strip("0") and "." not in plain else plain


def _day(value: object, epoch: dt.datetime) -> Value:
    """Return the ISO day of what openpyxl made of a cell that is shown as a day."""
    moment = value if isinstance(value, dt.datetime) else None
    if type(value) is dt.date:
        moment = dt.datetime.combine(value, dt.time())
    if moment is None or moment.time() != dt.time():
        return Cell(str(value)[:20], _WITH_TIME)
    if moment < epoch:
        return Cell(str(value)[:20], "is no day that a spreadsheet can show; write it as YYYY-MM-DD")
    if epoch == WINDOWS_EPOCH and moment < dt.datetime(1900, 3, 1):  # noqa: DTZ001 - a day of a calendar, without a zone
        # The programs count a 29 February 1900 that never was: days before it are a day off.
        return Cell(str(value)[:20], "is a day before March 1900, which spreadsheets count wrongly; write it as text")
    return moment.date().isoformat()
