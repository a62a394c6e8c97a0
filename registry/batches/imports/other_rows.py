"""The other rows of an import with which a corrected row must agree: those of one record, student or old credential.

To find them, a file is read once for all of its corrections: an index in memory has a number of eight bytes for each
such value of each row, and the rows themselves as far as they are small enough. Of a larger file, the rows that are
alike are read again, no further than the last of them.

The rows are personal data in clear. An index goes 10 minutes after its last use, and when its import is closed or rows
of it are removed.
"""

import threading
import time
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from registry.application.requests import PERSON_DIFFERS, Issued, IssueRequest, Outcome
from registry.batches.batch import Batch
from registry.batches.batch_file import BatchFile
from registry.batches.imports.import_view import Correction
from registry.batches.imports.rows import CellChecker, Cells, RowCells, read_all_cells, read_cells
from registry.intake.rows.earlier_rows import EarlierRows
from registry.values.persons import normalise_identifier

MAX_COMPARED: Final = 200
"""Rows of a file with which one corrected row is compared: the first that are alike."""
MAX_KEPT_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a file's cells that its index keeps."""
_MAX_INDEXES: Final = 4
_COLUMNS: Final = ("record", "student", "replaces")
KEEP_SECONDS: Final = 600.0
"""Seconds that an index is kept after its last use."""
_LINE_BITS: Final = 26
"""Bits for a line: `MAX_LINE` is above the number of bytes of any file that a page takes."""
MAX_LINE: Final = (1 << _LINE_BITS) - 1
_HASH: Final = (1 << (63 - _LINE_BITS)) - 1


class OtherRow(NamedTuple):
    """A row that is alike, as it would be issued."""

    line: int
    request: IssueRequest
    is_corrected: bool


class RowIndex:
    """The rows of a file by the values that connect them."""

    def __init__(self, content: BatchFile, batch: Batch) -> None:
        """Read the file. Raises `IntakeError`, `DamagedBatchFile`."""
        self._content = content
        self._batch = batch
        self._lines, self._ends, self._texts = array("Q"), array("Q"), bytearray()
        keys = array("Q")
        for row in read_all_cells(content, batch):
            keys.extend(key << _LINE_BITS | row.line for key in _keys(row.cells))
            if len(self._texts) < MAX_KEPT_BYTES:
                self._texts += msgspec.msgpack.encode(row.cells)
                self._lines.append(row.line)
                self._ends.append(len(self._texts))
        self._keys = array("Q", sorted(keys))

    def find_lines(self, cells: Cells) -> list[int]:
        """Return the lines of rows that have a value in common with these cells, the first 200."""
        lines: set[int] = set()
        for key in _keys(cells):
            first = bisect_left(self._keys, key << _LINE_BITS)
            end = bisect_left(self._keys, (key + 1) << _LINE_BITS, first)
            lines.update(entry & MAX_LINE for entry in self._keys[first : min(end, first + MAX_COMPARED)])
        return sorted(lines)[:MAX_COMPARED]

    def read(self, lines: Collection[int]) -> Iterator[RowCells]:
        """Yield the rows at these lines. Raises `IntakeError`, `DamagedBatchFile`."""
        if not lines:
            return
        if not self._lines or max(lines) > self._lines[-1]:
            yield from read_cells(self._content, self._batch, lines)
            return
        for line in sorted(lines):
            place = bisect_left(self._lines, line)
            if self._lines[place] == line:
                begin = self._ends[place - 1] if place else 0
                text = memoryview(self._texts)[begin : self._ends[place]]
                yield RowCells(line, msgspec.msgpack.decode(text, type=dict[str, str]))


def _keys(cells: Cells) -> set[int]:
    return {hash(value) & _HASH for value in _values(cells)}


def _values(cells: Cells) -> set[tuple[str, str]]:
    return {(name, normalise_identifier(text).lower()) for name in _COLUMNS if (text := cells.get(name))}


class _Place:
    """The place of one import's index, which is read by one thread at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version = ""
        """The file that the index is of."""
        self.index: RowIndex | None = None
        self.used = 0.0


class RowIndexes:
    """The indexes of the imports that were corrected last, four at most. May be shared by threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def open(self, content: BatchFile, batch: Batch) -> RowIndex:
        """Return the index of an import's file as it is now. Raises `IntakeError`, `DamagedBatchFile`."""
        with self._lock:
            place = self._places.setdefault(batch.batch, _Place())
            self._places.move_to_end(batch.batch)
            place.used = self._clock()
            while len(self._places) > _MAX_INDEXES:
                self._places.popitem(last=False)
            self._begin_timer()
        with place.lock:  # one file is read once, and holds up nobody who corrects another one
            if place.index is None or place.version != content.version:
                place.index, place.version = None, content.version
                place.index = RowIndex(content, batch)
            return place.index

    def list_kept(self) -> list[str]:
        """Return the imports whose rows are in memory."""
        with self._lock:
            return list(self._places)

    def drop(self, batch: str) -> None:
        """Forget the rows of an import."""
        with self._lock:
            self._places.pop(batch, None)

    def drop_unused(self) -> None:
        """Forget the rows of imports that nobody has corrected for 10 minutes."""
        with self._lock:
            self._timer = None
            before = self._clock() - KEEP_SECONDS
            for batch in [batch for batch, place in self._places.items() if place.used <= before]:
                del self._places[batch]
            self._begin_timer()

    def _begin_timer(self) -> None:
        """Look again when the first of the indexes is over, if there is one. The lock is held."""
        if self._timer is None and self._places:
            first = min(place.used for place in self._places.values())
            self._timer = threading.Timer(max(first + KEEP_SECONDS - self._clock(), 1.0), self.drop_unused)
            self._timer.daemon = True
            self._timer.start()


def read_alike(index: RowIndex, checker: CellChecker, lines: Collection[int]) -> Iterator[OtherRow]:
    """Yield the rows at these lines that are right. Raises `IntakeError`, `DamagedBatchFile`."""
    for row in index.read(lines):
        request = checker.check(row.line, row.cells).result
        if not isinstance(request, tuple):
            yield OtherRow(row.line, request, is_corrected=False)


def check_alike(checker: CellChecker, cells: Cells, corrections: Mapping[int, Correction]) -> list[OtherRow]:
    """Return the corrected rows that have a value in common with these cells, 200 at most."""
    values = _values(cells)
    alike = (
        OtherRow(line, request, is_corrected=True)
        for line, each in corrections.items()
        if each.state != "leftOut" and values & _values(each.cells)
        if not isinstance(request := checker.check(line, each.cells, keep_text=each.keep_text).result, tuple)
    )
    return list(islice(alike, MAX_COMPARED))


def explain(others: Sequence[OtherRow], line: int, request: IssueRequest, outcome: Outcome) -> str:
    """Return why a row is refused, with the rows of its file that it contradicts; empty if it is not."""
    if isinstance(outcome, Issued):
        return ""
    earlier, where = EarlierRows(), f"line {line}"
    for other in others:
        earlier.add(f"line {other.line}", other.request.normalise())
    explained = earlier.explain(where, request.normalise(), outcome)
    if isinstance(explained, Issued):
        return ""
    student = normalise_identifier(request.student)
    alike = [each.line for each in others if normalise_identifier(each.request.student) == student]
    if outcome.code == PERSON_DIFFERS and alike:
        return f"{explained.explanation}. Line {alike[0]} of this file has the same student number"
    return explained.explanation
