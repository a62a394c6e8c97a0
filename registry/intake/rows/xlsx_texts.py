"""The table of texts of a spreadsheet file, to which its cells refer by number, with limits on its memory."""

import sys
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from openpyxl.xml.constants import SHEET_MAIN_NS

from registry.intake.rows.report import IntakeError
from registry.intake.rows.xlsx_archive import Part

MAX_CELL: Final = 32_767
"""Characters in a cell, as in the spreadsheet programs."""
MAX_TEXTS_BYTES: Final = 96 * 1024 * 1024
"""Memory of all texts together; a million names take half of it."""
_TEXT, _PIECE, _READING = (f"{SHEET_MAIN_NS} {name}" for name in ("si", "t", "rPh"))
_CHUNK: Final = 64 * 1024


class _Reader:
    """Collects the texts, each from its pieces, without the phonetic hints (`rPh`)."""

    def __init__(self, refusal: Callable[[str], IntakeError]) -> None:
        self._refusal = refusal
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._length = self._bytes = self._readings = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the part, or its end where there are none."""
        self._parser.Parse(data, not data)

    def _start(self, name: str, _: dict[str, str]) -> None:
        if name == _PIECE and not self._readings:
            self._parser.CharacterDataHandler = self._add
        elif name == _READING:
            self._readings += 1
        elif name == _TEXT:
            self._pieces, self._length = [], 0

    def _add(self, data: str) -> None:
        self._length += len(data)
        if self._length > MAX_CELL:
            raise self._refusal(f"text {len(self.texts) + 1:,} of it has more than {MAX_CELL:,} characters")
        self._pieces.append(data)

    def _end(self, name: str) -> None:
        if name == _PIECE:
            self._parser.CharacterDataHandler = None
        elif name == _READING:
            self._readings -= 1
        elif name == _TEXT:
            # The escape of an underscore before a text that would itself be read as an escape.
            text = "".join(self._pieces).replace("x005F_", "")
            self._bytes += sys.getsizeof(text)
            if self._bytes > MAX_TEXTS_BYTES:
                raise self._refusal(f"its table of texts takes more than {MAX_TEXTS_BYTES // 2**20} MiB of memory")
            self.texts.append(text)


def read_texts(part: Part, refusal: Callable[[str], IntakeError]) -> list[str]:
    """Return the texts of a table of texts.

    `refusal` makes an error from its reason. Raises `IntakeError` for a text that no cell can have, and for too many
    texts.
    """
    reader = _Reader(refusal)
    while data := part.read(_CHUNK):
        reader.feed(data)
    reader.feed(b"")
    return reader.texts
