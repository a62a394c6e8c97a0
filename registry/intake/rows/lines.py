"""Lines of files, counted and limited in length."""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from typing import BinaryIO, Final

from registry.intake.rows.encodings import Encoding, encoding_of
from registry.intake.rows.report import Readable
from registry.intake.rows.spreadsheet import is_spreadsheet, open_workbook
from registry.intake.rows.xlsx_values import text_of

LINE: Final = 256 * 1024
"""Characters of a line, and of a row of several lines, at most."""
ROW_LINES: Final = 50
"""Lines of a row at most: with a quotation mark left open, all following lines would be one row."""
_BOM: Final = "\ufeff"


class Lines:
    """A file's lines for the CSV reader, counted and limited in length."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._readline = file.readline
        self._returned: list[str] = []
        self.number = 0
        """Lines that were read."""
        self.row_size = 0
        """Characters of the row so far."""
        self.taken: list[str] = []
        """The lines of the row so far, each with its end; of a line that is too long, its beginning."""

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        """Return the next line with its end. Raises `csv.Error` where it, or its row, is too long."""
        line = self._returned.pop() if self._returned else self._readline(LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.lstrip(_BOM) or "\n"
        size = len(line)
        if size >= LINE:
            self._skip(line)
        self.taken.append(line)
        self.row_size += size
        if self.row_size >= LINE:
            raise csv.Error(f"has more than {LINE:,} characters")
        if len(self.taken) > ROW_LINES:
            raise csv.Error(f"has more than {ROW_LINES} lines")
        return line

    def begin_row(self) -> None:
        """Count the lines of the next row."""
        self.taken, self.row_size = [], 0

    def return_all_but_first(self) -> None:
        """Return all lines of the row except the first, to be read again."""
        again = self.taken[1:]
        self._returned += reversed(again)
        self.number -= len(again)
        self.taken = self.taken[:1]

    def _skip(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._readline(LINE)


def text_lines(content: Readable) -> Iterator[tuple[int, str]]:
    """Yield a file's lines with their numbers and ends, decoded like a table's.

    The lines of a spreadsheet are the rows of its first sheet. A line that is too long becomes an empty one. Raises
    `IntakeError`.
    """
    if is_spreadsheet(content):
        workbook = open_workbook(content)
        for number, row, _ in workbook.rows(workbook.sheets[0]):
            yield number, "\t".join(map(text_of, row)).rstrip("\t") + "\n"
        return
    with open_text(content, encoding_of(content)) as file:
        lines = Lines(file)
        while True:
            lines.begin_row()
            try:
                line = next(lines)
            except StopIteration:
                return
            except csv.Error:
                line = ""
            yield lines.number, line


def open_text(content: Readable, encoding: Encoding) -> TextIOWrapper:
    """Open a file as text whose line ends stay as they are."""
    codec, errors, _ = encoding
    return TextIOWrapper(content.open("rb"), encoding=codec, errors=errors, newline="")


def byte_lines(file: BinaryIO, most: int) -> Iterator[bytes | None]:
    """Yield a file's lines, with their ends; None for one that has more than `most` bytes."""
    while line := file.readline(most):
        if line.endswith(b"\n") or len(line) < most:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(most)
        yield None
