"""The borders of records in a stream's file.

A record is three paragraphs, and an empty line follows it. A file that holds only commits is read back as exactly
those commits. Other bytes come back as one or several records that no verifier accepts:

- The stream's origin on a line after an empty line always begins a record. It ends whatever came before, so that the
  reader recovers after garbage.
- Bytes that do not begin with that line are garbage, up to their first empty line. (Taking all of them as one record
  would be simpler, and wrong: the cut would then depend on what is appended later.)
- Garbage longer than 16 MiB is returned in pieces.

So every byte up to the last complete record belongs to exactly one record, a damaged commit affects no other, and the
end of a record depends only on the bytes before it: later appends do not change it. A record that begins with the
origin and lacks paragraphs is a torn write, unless another record follows.
"""

import re
from typing import Final, NamedTuple

_BLANK: Final = b"\n\n"
_BLANKS: Final = re.compile(_BLANK)
_LF: Final = 0x0A
MAX_RECORD: Final = 16 * 1024 * 1024
"""Longer garbage is returned in pieces of this size."""


class Span(NamedTuple):
    """A record in a buffer: its bytes are `data[at:stop]`, and the next one begins at `end`."""

    stop: int
    end: int


class Framing:
    """The framing of one stream, whose records begin with a known line."""

    def __init__(self, origin: str) -> None:
        self.first_line: Final = origin.encode() + b"\n"
        self.start: Final = _BLANK + self.first_line
        self.enough: Final = MAX_RECORD + len(self.start)
        """The number of bytes with which the end of a record is always known."""

    def span(self, data: bytes, at: int) -> Span | None:
        """Return the span of the record that begins at `at`; None if more bytes are needed to know its end.

        `at` is a stream's beginning or the end of a record. The record's own bytes leave out the LF that makes the
        empty line after it.
        """
        end = self._end(data, at)
        if 0 <= end <= at + MAX_RECORD:
            return Span(end - 1, end)
        if len(data) - at >= self.enough:
            return Span(at + MAX_RECORD, at + MAX_RECORD)
        return None

    def _end(self, data: bytes, at: int) -> int:
        # The bytes before `at` end in LF, so one more LF makes an empty line before the next record.
        if data[at : at + 1] == b"\n" and data.startswith(self.first_line, at + 1):
            return at + 1
        paragraphs = 3 if data.startswith(self.first_line, at) else 1
        for left in range(paragraphs, 0, -1):
            # The pattern's search is three times as fast as `bytes.find` of two bytes.
            blank = _BLANKS.search(data, at, at + MAX_RECORD + 1)
            if blank is None:
                return -1
            at = blank.end()
            if left > 1:
                if data.startswith(self.first_line, at):
                    return at
                if data[at : at + 1] == b"\n" and data.startswith(self.first_line, at + 1):
                    return at + 1
        return at

    def frame(self, record: bytes) -> bytes:
        """Return the bytes to write for a record. It gets a missing LF, so that a reader finds the next record."""
        return record + (b"\n" if record.endswith(b"\n") else _BLANK)

    def claimed_size(self, data: bytes, at: int = 0) -> int | None:
        """Return the tree size that the record at `at` claims in its second line; None if it has none."""
        if not data.startswith(self.first_line, at):
            return None
        begin = at + len(self.first_line)
        # 19 digits hold every size below 2⁶³
        end = data.find(b"\n", begin, begin + 20)
        digits = data[begin:end] if end >= 0 else b""
        return int(digits) if digits.isdigit() else None
