"""The archive of an `.xlsx` file, with limits on all that openpyxl reads from it.

openpyxl keeps all elements of a row, and all text between rows, in memory. It skips rows and cells that are out of
order. So expat reads each part first, and a part that would cost memory or lose cells is refused. Each reading has one
budget of bytes and of elements for all sheets together.
"""

import io
import re
import struct
import zipfile
import zlib
from functools import partial
from typing import IO, Final, Literal, NamedTuple
from xml.parsers import expat

from openpyxl.utils import column_index_from_string
from openpyxl.xml.constants import SHEET_MAIN_NS

from registry.intake.rows.report import IntakeError, Readable
from registry.intake.rows.spreadsheet import MAX_COLUMNS, MergedRange

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes of the compressed file."""
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""Bytes of all parts together, and of one reading. A row of twenty cells takes about a kilobyte."""
MAX_ELEMENTS: Final = 10_000_000
"""Rows, cells, elements in cells, and columns of each row, of one reading. 100,000 rows of twenty columns have at most
eight million."""
MAX_HEADER_ELEMENTS: Final = 1_000_000
"""Elements of all sheets together, up to the first row with a value in each."""
MAX_DESCRIPTION_ELEMENTS: Final = 200_000
"""Elements of the workbook's description (its parts, sheets and formats), without the table of texts."""
MAX_PIECE_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one row, of one text, or of a part that has neither."""
MAX_PIECE_ELEMENTS: Final = 100_000
MAX_PARTS: Final = 2000
MAX_ROW_ATTRIBUTES: Final = 400
"""Characters of the attributes of a row."""
MAX_BETWEEN_ROWS: Final = 4 * 1024 * 1024
"""Characters outside of the rows of a sheet, which openpyxl keeps: line ends and indents of a file for people."""
MAX_BEFORE_ROWS: Final = 200
"""Elements of a sheet before its rows, without the widths of columns: how it is shown."""
MAX_MERGED: Final = 10_000
"""MergedRange ranges of a sheet."""
_ROW, _TEXT, _ROWS, _FORMULA, _SHEET, _WIDTH, _MERGED = (
    f"{SHEET_MAIN_NS} {name}" for name in ("row", "si", "sheetData", "f", "worksheet", "col", "mergeCell")
)
_MOST: Final = {_ROW: 250_000, _TEXT: 1_000_000}
_LAST_ROW: Final = 2**20
_ROOTS: Final = ("workbook", "styleSheet", "sst", "worksheet")
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RANGE: Final = re.compile(rf"{_REFERENCE.pattern}(?::{_REFERENCE.pattern})?")
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError, ValueError
)  # fmt: skip
"""Errors of reading a part that is not packed as the directory says, or in a way that `zipfile` does not know."""
_CHUNK: Final = 256 * 1024
_HEADER_CHUNK: Final = 16 * 1024
"""Bytes read at once while the header is sought: most of a sheet need not be unpacked for that."""


class EndOfRows(Exception):
    """A sheet has no further rows: openpyxl reads nothing after them."""


class SheetContents(NamedTuple):
    """The extent of a sheet, without its values."""

    rows: int
    """Rows that have a cell."""
    rows_with_values: int
    merged: list[MergedRange]


class Archive(zipfile.ZipFile):
    """The parts of a spreadsheet file, which is in memory in its compressed form."""

    def __init__(self, content: Readable) -> None:
        """Read the archive's directory. Raises `IntakeError` for another file, and for an archive that is too large."""
        self.name = str(content)
        with content.open("rb") as file:
            packed = self.packed = file.read(MAX_BYTES + 1)
        if len(packed) > MAX_BYTES:
            raise IntakeError(
                f"{content} has more than {MAX_BYTES // 2**20} MiB, the most for a spreadsheet; save it as CSV UTF-8"
            )
        if packed.count(b"PK\x01\x02") > MAX_PARTS:
            raise IntakeError(f"{content} is an archive of more than {MAX_PARTS} files, and no spreadsheet")
        try:
            super().__init__(io.BytesIO(packed))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise self.unreadable(str(error)) from error
        names = {info.filename.lower() for info in self.infolist()}
        if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
            raise IntakeError(
                f"{content} is a zip archive and no .xlsx spreadsheet; unpack it, or save it as CSV UTF-8"
            )
        if len(names) < len(self.infolist()):
            raise self.unreadable("it has two parts of the same name")
        if any(info.compress_type not in _PACKED for info in self.infolist()):
            raise self.unreadable("it is packed in a way that no spreadsheet program uses")
        if any(info.flag_bits & 1 for info in self.infolist()):
            raise IntakeError(f"{content} is encrypted; save it without a password")
        if sum(info.file_size for info in self.infolist()) > MAX_UNPACKED_BYTES:
            raise self._too_large()
        self.begin(MAX_DESCRIPTION_ELEMENTS)

    def begin(self, elements: int, chunk: int = _CHUNK) -> None:
        """Begin one reading, of at most this number of elements and of `MAX_UNPACKED_BYTES`, `chunk` bytes at once."""
        self.chunk = chunk
        self._bytes_left, self._elements_left, self._most = MAX_UNPACKED_BYTES, elements, elements
        self.formulas: dict[int, set[int]] = {}
        """By row: the columns whose cell has a formula, unless its result is a text. The reader takes them out."""
        self.hidden: set[int] = set()
        """Rows that the sheet hides. The reader takes them out."""

    def begin_headers(self) -> None:
        """Begin to look for the header in all sheets."""
        self.begin(MAX_HEADER_ELEMENTS, _HEADER_CHUNK)

    def count(self, size: int, elements: int) -> None:
        """Count bytes that were unpacked, and elements in them. Raises `IntakeError` for too many."""
        self._bytes_left -= size
        self._elements_left -= elements
        if self._bytes_left < 0:
            raise self._too_large()
        if self._elements_left < 0:
            raise IntakeError(
                f"{self.name} has more than {self._most:,} rows, cells and values where it is read, the most that a"
                " spreadsheet may have; delete empty columns and rows, split it, or save it as CSV UTF-8"
            )

    def part(self, name: str | zipfile.ZipInfo) -> "Part":
        """Open a part for reading. Raises `IntakeError` where it is damaged, `KeyError` where there is none."""
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        try:
            return Part(super().open(info), info.filename, self)
        except _DAMAGED as error:
            raise self.unreadable(f"{info.filename}: {error}") from error

    def open(  # type: ignore[override]  # the stub promises a ZipExtFile; openpyxl only reads
        self,
        name: str | zipfile.ZipInfo,
        mode: Literal["r", "w"] = "r",
        pwd: bytes | None = None,
        *,
        force_zip64: bool = False,
    ) -> "Part":
        """Open a part for reading, as openpyxl and `read` call it."""
        del mode, pwd, force_zip64
        return self.part(name)

    def unreadable(self, why: str) -> IntakeError:
        """Return the error for a file that is damaged."""
        return IntakeError(
            f"{self.name} is not a spreadsheet that can be read: {why}; save it again as .xlsx, or as CSV UTF-8"
        )

    def _too_large(self) -> IntakeError:
        return IntakeError(
            f"{self.name} unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB, the most that is read; split it, or"
            " save it as CSV UTF-8"
        )


class Part(io.RawIOBase):
    """A part that is checked before it is passed on."""

    def __init__(self, file: IO[bytes], name: str, archive: Archive) -> None:
        self._file, self._name, self._archive = file, name, archive
        self._depth = self._row = self._elements = self._bytes = self._pieces = 0
        self._elements_before = self._elements_counted = self._between_rows = self._before_rows = 0
        self._is_before_rows = self._has_value = False
        self._rows = self._rows_with_values = 0
        self._merged: list[MergedRange] = []
        self._column: int | None = None  # outside of a row
        self._is_text = False
        self._ended = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = None

    def read(self, size: int | None = -1) -> bytes:
        """Read the archive's number of bytes, or all bytes if `size` is negative; its other values do not matter."""
        if size is None or size < 0:
            return b"".join(iter(partial(self.read, _CHUNK), b""))
        if self._ended:
            while self._take():  # so that the end is checked, too
                pass
            raise EndOfRows
        return self._take()

    def survey(self) -> SheetContents:
        """Read a sheet to its end and return its extent. Raises `IntakeError` if it cannot be read."""
        while self._take():
            self._archive.formulas.clear()
            self._archive.hidden.clear()
        return SheetContents(self._rows, self._rows_with_values, self._merged)

    def _take(self) -> bytes:
        try:
            piece = self._file.read(self._archive.chunk)
        except _DAMAGED as error:
            raise self._refusal(str(error)) from error
        self._bytes += len(piece)
        try:
            self._parser.Parse(piece, not piece)
        except (expat.ExpatError, LookupError, ValueError) as error:  # also for an unknown encoding
            raise self._refusal(str(error)) from error
        elements = self._elements_before + self._elements
        self._archive.count(len(piece), elements - self._elements_counted)
        self._elements_counted = elements
        if self._bytes > MAX_PIECE_BYTES and not self._ended:
            raise self._refusal(f"after row {self._row} it has more than {MAX_PIECE_BYTES // 2**20} MiB for one row")
        return piece

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > MAX_PIECE_ELEMENTS and not self._ended:
            raise self._refusal(f"after row {self._row} it has more than {MAX_PIECE_ELEMENTS:,} elements for one row")
        if self._depth == 1 and name.rsplit(" ", maxsplit=1)[-1] in _ROOTS and not name.startswith(SHEET_MAIN_NS + " "):
            raise self._refusal("it is in the Strict form, or in none")
        if self._is_before_rows:
            self._start_before_rows(name)
        if name == _ROW:
            self._start_row(attributes)
        elif self._column is not None:
            if self._depth == 4:
                self._column = self._cell_column(attributes.get("r"), self._column)
                self._is_text = attributes.get("t") == "str"
            elif self._depth == 5:
                self._has_value = True
                if name == _FORMULA and not self._is_text:
                    self._archive.formulas.setdefault(self._row, set()).add(self._column)
        elif name == _MERGED:
            self._add_merged(attributes.get("ref", ""))
        elif name == _SHEET:
            self._is_before_rows = True
        elif name == _ROWS:
            self._is_before_rows = False
            self._parser.CharacterDataHandler = self._count_between_rows
        elif self._depth == 3 and self._parser.CharacterDataHandler is not None:
            raise self._refusal(f"after row {self._row} it has something else between its rows")

    def _add_merged(self, reference: str) -> None:
        match = _RANGE.fullmatch(reference)
        if match is None:
            raise self._refusal("it merges cells that are none")
        if len(self._merged) == MAX_MERGED:
            raise self._refusal(f"it has more than {MAX_MERGED:,} merged ranges; split them")
        columns = sorted(column_index_from_string(column) for column in (match[1], match[3] or match[1]))
        rows = sorted((int(match[2]), int(match[4] or match[2])))
        self._merged.append(MergedRange(rows[0], rows[1], columns[0], columns[1], reference))

    def _start_before_rows(self, name: str) -> None:
        self._before_rows += name != _WIDTH
        if self._before_rows > MAX_BEFORE_ROWS:
            raise self._refusal(f"it has more than {MAX_BEFORE_ROWS} elements before its rows")

    def _start_row(self, attributes: dict[str, str]) -> None:
        stated = attributes.get("r", str(self._row + 1))
        if not re.fullmatch("[1-9][0-9]{0,6}", stated) or not self._row < int(stated) <= _LAST_ROW:
            raise self._refusal(f"the rows after row {self._row} are out of order")
        if self._depth != 3 or self._ended:
            raise self._refusal(f"the row after row {self._row} is out of place")
        if sum(map(len, attributes.values())) + sum(map(len, attributes)) > MAX_ROW_ATTRIBUTES:
            raise self._refusal(f"row {stated} has more attributes than a row can have")
        self._row, self._column = int(stated), 0
        self._parser.CharacterDataHandler = None
        if attributes.get("hidden", "0") not in ("0", "false"):
            self._archive.hidden.add(self._row)

    def _cell_column(self, reference: str | None, last: int) -> int:
        column = last + 1
        if reference is not None:
            parts = _REFERENCE.fullmatch(reference)
            if parts is None or int(parts[2]) != self._row:
                raise self._refusal(f"row {self._row} has a cell that is out of place")
            column = column_index_from_string(parts[1])
        if column <= last:
            raise self._refusal(f"the cells of row {self._row} are out of order")
        if column > MAX_COLUMNS:
            raise IntakeError(
                f"{self._archive.name}, {self._name}, row {self._row}: has a cell beyond column {MAX_COLUMNS}; copy the"
                " columns that are meant into a new sheet"
            )
        return column

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in _MOST:
            if name == _ROW:
                self._rows += bool(self._column)
                self._rows_with_values += self._has_value
                self._has_value = False
                self._elements_before += self._column or 0  # the reader fills the gaps of a row
                self._parser.CharacterDataHandler = self._count_between_rows
            self._elements_before += self._elements
            self._elements, self._bytes, self._column = 0, 0, None
            self._pieces += 1
            if self._pieces > _MOST[name]:
                raise self._refusal(f"it has more than {_MOST[name]:,} rows or texts")
        elif name == _ROWS:
            self._ended = True
            self._parser.CharacterDataHandler = None

    def _count_between_rows(self, text: str) -> None:
        self._between_rows += len(text)
        if self._between_rows > MAX_BETWEEN_ROWS:
            raise self._refusal(f"it has more than {MAX_BETWEEN_ROWS // 2**20} MiB between its rows")

    def _refuse_doctype(self, *_: object) -> None:
        raise self._refusal("it declares entities, which no spreadsheet program writes")

    def _refusal(self, why: str) -> IntakeError:
        return self._archive.unreadable(f"{self._name}: {why}")
