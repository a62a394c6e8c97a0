"""Sheets of a spreadsheet file (.xlsx): rows of cells, each as the text that a person would have typed.

An `.xlsx` file is a zip archive of XML (ECMA-376). This reader streams the rows of a sheet, so that neither an archive
that unpacks to gigabytes nor a cell in the last column of the last row costs memory. A number that has lost digits, an
error value and a code whose leading zeros are only its cell's format are told apart from good values here, because
only the file's XML shows them.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import IO, Final, NamedTuple

from lxml import etree

from registry.intake.report import IntakeError, Readable

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""Of a sheet. A row of twenty cells takes about a kilobyte."""
MAX_STRINGS_BYTES: Final = 64 * 1024 * 1024
"""Of the table of texts, which is kept in memory while a sheet is read."""
MAX_PART_BYTES: Final = 4 * 1024 * 1024
"""Of a part that describes the workbook."""
MAX_PARTS: Final = 2000
"""Files in the archive."""
MAX_COLUMNS: Final = 500
MAX_SHEETS: Final = 100
MAX_CELL: Final = 32_767
"""Characters in a cell, as in the spreadsheet programs."""
DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number."""
_ZIP: Final = b"PK\x03\x04"

_CHUNK: Final = 256 * 1024
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Numbers of the built-in formats that show a day or a time."""
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_WITH_TIME: Final = "is a day with a time of day; write the day alone"
_ZEROS: Final = re.compile(r"0{2,}")


class Cell(NamedTuple):
    """A cell that is no plain text: a value that cannot be taken, and why."""

    shown: str
    fault: str


Value = str | Cell


class Sheet(NamedTuple):
    """A sheet of a workbook."""

    name: str
    part: str
    """The part of the archive that holds its cells."""


class Workbook:
    """The sheets of one file, which is held in memory as it is packed."""

    def __init__(self, content: Readable) -> None:
        """Read what describes the workbook. Raises `IntakeError`, also where the file is too large."""
        self._name = str(content)
        with content.open("rb") as file:
            packed = file.read(MAX_BYTES + 1)
        if len(packed) > MAX_BYTES:
            raise IntakeError(
                f"{content} has more than {MAX_BYTES // 2**20} MiB, the most for a spreadsheet; save it as CSV UTF-8"
            )
        if packed.count(b"PK\x01\x02") > MAX_PARTS:
            raise IntakeError(f"{content} is an archive of more than {MAX_PARTS} files, and no spreadsheet")
        try:
            self._archive = zipfile.ZipFile(BytesIO(packed))
            self._parts = {info.filename.lstrip("/").lower(): info for info in self._archive.infolist()}
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise IntakeError(f"{content} is no spreadsheet that can be read: {error}") from error
        if "xl/workbook.xml" not in self._parts:
            raise IntakeError(
                f"{content} is a zip archive and no .xlsx spreadsheet; unpack it, or save it as CSV UTF-8"
            )
        self.sheets = self._find_sheets()
        self._formats = self._find_formats()
        self._texts: list[str] | None = None

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[Value]]]:
        """Yield each row that has cells: its number in the sheet (from 1), and its values.

        Raises `IntakeError` for what is no sheet, and for one that is too large.
        """
        if self._texts is None:
            self._texts = self._read_texts()
        number, values = 0, list[Value]()
        for element in self._elements(sheet.part, ("row", "c"), MAX_UNPACKED_BYTES):
            if _local(element) == "row":
                stated = element.get("r", "")
                number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 8 else number + 1
                yield number, values
                values = []
                continue
            place = _column(element.get("r", ""), len(values))
            if place < len(values):
                raise IntakeError(f"{self._name}, sheet {sheet.name!r}: its cells are out of order; save it again")
            if place >= MAX_COLUMNS:
                raise IntakeError(
                    f"{self._name}, sheet {sheet.name!r}, row {number + 1} or later: has a cell beyond column"
                    f" {MAX_COLUMNS}; copy the columns that are meant into a new sheet"
                )
            values += [""] * (place - len(values))
            values.append(self._value(element))

    def _value(self, cell: "etree._Element") -> Value:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return "".join(_texts_of(cell))[:MAX_CELL]
        text = "".join(child.text or "" for child in cell if _local(child) == "v")
        if not text:
            return ""
        if kind == "s":
            texts = self._texts or []
            if text.isascii() and text.isdigit() and len(text) < 9 and int(text) < len(texts):
                return texts[int(text)]
            return Cell(text[:20], "refers to a text that the spreadsheet does not have; save the file again")
        if kind == "e":
            return Cell(text[:20], "is a spreadsheet's error value; write the value itself")
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "d":
            day, _, time = text.partition("T")
            return Cell(text[:20], _WITH_TIME) if time.strip("0:.Z") else day[:MAX_CELL]
        if kind != "n":
            return text[:MAX_CELL]
        style = cell.get("s", "0")
        code = self._formats.get(style, "")
        return _number(text, code, epoch=self._epoch)

    # What describes the workbook

    def _find_sheets(self) -> list[Sheet]:
        targets = {
            one.get("Id", ""): one.get("Target", "")
            for one in self._elements("xl/_rels/workbook.xml.rels", "Relationship", MAX_PART_BYTES)
        }
        self._epoch = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a day of a calendar, without a zone
        for properties in self._elements("xl/workbook.xml", "workbookPr", MAX_PART_BYTES):
            if properties.get("date1904", "0") in ("1", "true"):
                self._epoch = dt.datetime(1904, 1, 1)  # noqa: DTZ001 - likewise
        sheets = []
        for one in self._elements("xl/workbook.xml", "sheet", MAX_PART_BYTES):
            relation = next((value for name, value in one.attrib.items() if str(name).endswith("}id")), "")
            target = targets.get(str(relation), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part.lower() in self._parts and "worksheets" in part:
                sheets.append(Sheet(str(one.get("name", ""))[:80], part))
            if len(sheets) > MAX_SHEETS:
                raise IntakeError(f"{self._name} has more than {MAX_SHEETS} sheets; save the one that is meant as CSV")
        if not sheets:
            raise IntakeError(f"{self._name} is a spreadsheet without a sheet of cells")
        return sheets

    def _find_formats(self) -> Mapping[str, str]:
        """Return, for each style of cells, `date` or the format's code where that says how to show a number."""
        if "xl/styles.xml" not in self._parts:
            return {}
        codes: dict[int, str] = {}
        found: dict[str, str] = {}
        for one in self._elements("xl/styles.xml", "numFmt", MAX_PART_BYTES):
            stated = one.get("numFmtId", "")
            if stated.isdigit() and len(stated) < 9:
                codes[int(stated)] = str(one.get("formatCode", ""))[:200]
        for group in self._elements("xl/styles.xml", "cellXfs", MAX_PART_BYTES):
            for place, style in enumerate(child for child in group if _local(child) == "xf"):
                stated = style.get("numFmtId", "0")
                number = int(stated) if stated.isdigit() and len(stated) < 9 else 0
                code = codes.get(number, "")
                shows_day = _is_date(code) if code else number in _DATE_FORMATS
                found[str(place)] = "date" if shows_day else code
        return found

    def _read_texts(self) -> list[str]:
        if "xl/sharedstrings.xml" not in self._parts:
            return []
        return [
            "".join(_texts_of(one))[:MAX_CELL]
            for one in self._elements("xl/sharedStrings.xml", "si", MAX_STRINGS_BYTES)
        ]

    def _elements(self, part: str, names: str | Sequence[str], most_bytes: int) -> Iterator["etree._Element"]:
        """Yield the elements of a part that have one of the names, each as it ends, and forget them."""
        info = self._parts.get(part.lower())
        if info is None:
            raise IntakeError(f"{self._name} is no spreadsheet that can be read: it lacks {part}")
        if info.file_size > most_bytes:
            raise self._too_large(part, most_bytes)
        if info.flag_bits & 1:
            raise IntakeError(f"{self._name} is encrypted; save it without a password")
        try:
            with self._archive.open(info) as file:
                for _, element in etree.iterparse(
                    _Bounded(file, self._too_large(part, most_bytes), most_bytes),
                    events=("end",),
                    tag=[f"{{*}}{name}" for name in ([names] if isinstance(names, str) else names)],
                    resolve_entities=False,
                    no_network=True,
                    load_dtd=False,
                    huge_tree=False,
                    remove_comments=True,
                    remove_pis=True,
                ):
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except (etree.XMLSyntaxError, zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
            why = str(error).partition(" (<")[0][:200]
            raise IntakeError(f"{self._name} is no spreadsheet that can be read: {part}: {why}") from error

    def _too_large(self, part: str, most_bytes: int) -> IntakeError:
        return IntakeError(
            f"{self._name}: {part} unpacks to more than {most_bytes // 2**20} MiB, the most that is read;"
            " split the file, or save it as CSV UTF-8"
        )


class _Bounded:
    """A stream that ends with an error where it is longer than its archive's directory says."""

    def __init__(self, file: IO[bytes], error: IntakeError, most_bytes: int) -> None:
        self._file = file
        self._error = error
        self._rest = most_bytes

    def read(self, size: int = _CHUNK) -> bytes:
        """Read at most `size` bytes, or 256 KiB."""
        piece = self._file.read(min(size, _CHUNK) if size > 0 else _CHUNK)
        self._rest -= len(piece)
        if self._rest < 0:
            raise self._error
        return piece


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


def _local(element: "etree._Element") -> str:
    return etree.QName(element).localname


def _texts_of(element: "etree._Element") -> Iterator[str]:
    """Yield the runs of a rich text, without the phonetic readings that some carry."""
    for one in element.iter():
        if _local(one) == "t" and (parent := one.getparent()) is not None and _local(parent) != "rPh":
            yield one.text or ""


def _column(reference: str, following: int) -> int:
    """Return a cell's column, from 0: as its reference says, or the one that follows."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return following
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _is_date(code: str) -> bool:
    bare = _LITERAL.sub("", code.partition(";")[0]).lower()
    if bare == "general":
        return False
    return "d" in bare or "y" in bare or "h:mm" in bare or "mm:ss" in bare


def _number(text: str, code: str, *, epoch: dt.datetime) -> Value:
    """Return a number as it would be typed, or the ISO day that it is shown as."""
    try:
        value = Decimal(text)
        shown = f"{float(text):.{DIGITS}g}"
    except (InvalidOperation, ValueError):
        return Cell(text[:20], "is no number that can be read; save the spreadsheet again")
    if not value.is_finite():
        return Cell(text[:20], "is no number that can be read; save the spreadsheet again")
    if code == "date":
        return _day(value, text, epoch)
    if abs(value) >= 10**DIGITS:
        return Cell(
            text[:24],
            f"is a number of more than {DIGITS} digits, of which a spreadsheet loses the last; format the column as"
            " text and write it again",
        )
    plain = format(Decimal(shown), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    elif len(plain) < len(code) and _ZEROS.fullmatch(code):
        return plain.zfill(len(code))  # the zeros in front are the format's, and are what a person sees
    return plain


def _day(value: Decimal, text: str, epoch: dt.datetime) -> Value:
    if not 0 <= value < 2_958_466:  # to the end of the year 9999
        return Cell(text[:20], "is no day that a spreadsheet can show; write it as YYYY-MM-DD")
    if value != int(value):
        return Cell(text[:20], _WITH_TIME)
    if epoch.year == 1899 and value < 61:
        # The programs count a 29 February 1900 that never was: days before it are a day off.
        return Cell(text[:20], "is a day before March 1900, which spreadsheets count wrongly; write it as text")
    return (epoch + dt.timedelta(days=int(value))).date().isoformat()
