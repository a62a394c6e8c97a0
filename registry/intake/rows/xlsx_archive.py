"""The archive that an `.xlsx` file is, with bounds on all that openpyxl reads from it.

openpyxl keeps every element of a row, and something of every row, in memory. It skips rows and cells that are out of
order. So each part passes through expat first, and what would cost memory or be skipped is refused.
"""

import io
import re
import zipfile
from functools import partial
from typing import IO, Final, Literal
from xml.parsers import expat

from openpyxl.utils import column_index_from_string
from openpyxl.xml.constants import SHEET_MAIN_NS

from registry.intake.rows.report import IntakeError, Readable

MAX_BYTES: Final = 32 * 1024 * 1024
"""Of the file as it is packed."""
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""Of all parts together, and of one reading. A row of twenty cells takes about a kilobyte."""
MAX_PIECE_BYTES: Final = 4 * 1024 * 1024
"""Of one row, of one text, or of a part that has neither."""
MAX_PIECE_ELEMENTS: Final = 100_000
MAX_PARTS: Final = 2000
MAX_COLUMNS: Final = 500
MAX_ROW_ATTRIBUTES: Final = 400
"""Characters of the attributes of a row, which openpyxl keeps."""
_ROW, _TEXT, _ROWS, _FORMULA = (f"{SHEET_MAIN_NS} {name}" for name in ("row", "si", "sheetData", "f"))
_MOST: Final = {_ROW: 250_000, _TEXT: 1_000_000}
_LAST_ROW: Final = 2**20
_ROOTS: Final = ("workbook", "styleSheet", "sst", "worksheet")
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_CHUNK: Final = 256 * 1024


class EndOfRows(Exception):
    """A sheet has no further rows: openpyxl reads nothing of what follows them."""


class Archive(zipfile.ZipFile):
    """The parts of a spreadsheet file, which is held in memory as it is packed."""

    def __init__(self, content: Readable) -> None:
        """Read the archive's directory. Raises `IntakeError` where it is no archive, or one that is too large."""
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
        if any(info.flag_bits & 1 for info in self.infolist()):
            raise IntakeError(f"{content} is encrypted; save it without a password")
        if sum(info.file_size for info in self.infolist()) > MAX_UNPACKED_BYTES:
            raise self._too_large()
        self.begin(description=True)

    def begin(self, *, description: bool = False) -> None:
        """Begin to count the bytes of one reading: of what describes the workbook, or of a sheet."""
        self._rest = MAX_UNPACKED_BYTES
        self._description = description
        self.formulas: dict[int, set[int]] = {}
        """By row: the columns whose cell has a formula, unless its result is a text. The reader takes them out."""
        self.hidden: set[int] = set()
        """Rows that the sheet hides. The reader takes them out."""

    def count(self, size: int) -> None:
        """Count bytes that were unpacked. Raises `IntakeError` for too many."""
        self._rest -= size
        if self._rest < 0:
            raise self._too_large()

    def open(  # type: ignore[override]  # the stub promises a ZipExtFile; openpyxl only reads
        self,
        name: str | zipfile.ZipInfo,
        mode: Literal["r", "w"] = "r",
        pwd: bytes | None = None,
        *,
        force_zip64: bool = False,
    ) -> io.IOBase:
        """Open a part for reading, also for `read`."""
        if self._description and str(name).startswith("xl/worksheets/sheet"):
            return io.BytesIO(b"<worksheet/>")  # openpyxl would read all of a sheet that does not state its size
        return _Part(super().open(name, mode, pwd, force_zip64=force_zip64), str(name), self)

    def unreadable(self, why: str) -> IntakeError:
        """Return the error for a file that is damaged."""
        return IntakeError(
            f"{self.name} is no spreadsheet that can be read: {why}; save it again as .xlsx, or as CSV UTF-8"
        )

    def _too_large(self) -> IntakeError:
        return IntakeError(
            f"{self.name} unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB, the most that is read; split it, or"
            " save it as CSV UTF-8"
        )


class _Part(io.RawIOBase):
    """A part that is checked before it is passed on."""

    def __init__(self, file: IO[bytes], name: str, archive: Archive) -> None:
        self._file, self._name, self._archive = file, name, archive
        self._depth = self._row = self._elements = self._bytes = self._pieces = 0
        self._column: int | None = None  # outside of a row
        self._is_text = False
        self._ended = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, size: int | None = -1) -> bytes:
        """Read the next bytes: at most 256 KiB, whatever `size` says, or all where it is negative."""
        if size is None or size < 0:
            return b"".join(iter(partial(self.read, _CHUNK), b""))
        if self._ended:
            while self._take():  # so that the end is checked, too
                pass
            raise EndOfRows
        return self._take()

    def _take(self) -> bytes:
        piece = self._file.read(_CHUNK)
        self._archive.count(len(piece))
        self._bytes += len(piece)
        try:
            self._parser.Parse(piece, not piece)
        except expat.ExpatError as error:
            raise self._refusal(str(error)) from error
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
        if name == _ROW:
            self._start_row(attributes)
        elif self._column is not None:
            if self._depth == 4:
                self._column = self._cell_column(attributes.get("r"), self._column)
                self._is_text = attributes.get("t") == "str"
            elif self._depth == 5 and name == _FORMULA and not self._is_text:
                self._archive.formulas.setdefault(self._row, set()).add(self._column)

    def _start_row(self, attributes: dict[str, str]) -> None:
        stated = attributes.get("r", str(self._row + 1))
        if not re.fullmatch("[1-9][0-9]{0,6}", stated) or not self._row < int(stated) <= _LAST_ROW:
            raise self._refusal(f"the rows after row {self._row} are out of order")
        if self._depth != 3 or self._ended:
            raise self._refusal(f"the row after row {self._row} is out of place")
        if sum(map(len, attributes.values())) + sum(map(len, attributes)) > MAX_ROW_ATTRIBUTES:
            raise self._refusal(f"row {stated} has more attributes than a row can have")
        self._row, self._column = int(stated), 0
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
            self._elements, self._bytes, self._column = 0, 0, None
            self._pieces += 1
            if self._pieces > _MOST[name]:
                raise self._refusal(f"it has more than {_MOST[name]:,} rows or texts")
        elif name == _ROWS:
            self._ended = True

    def _refuse_doctype(self, *_: object) -> None:
        raise self._refusal("it declares entities, which no spreadsheet program writes")

    def _refusal(self, why: str) -> IntakeError:
        return self._archive.unreadable(f"{self._name}: {why}")
