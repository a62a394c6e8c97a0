"""The borders of records in a stream's file.

A record is three paragraphs, and an empty line follows it. A file of commits alone is read back as exactly
those. Other bytes are returned too, as one or several records that no verifier accepts:

- A line with the stream's origin after an empty line always begins a record. It breaks off whatever came
  before, and it is how reading finds its way again.
- What does not begin with that line is garbage and ends with its first empty line. (Taking all of it as one
  record would be neater, and wrong: how garbage is cut would then depend on what is appended after it.)
- What is longer than 16 MiB is handed out in pieces.

So every byte up to the last complete record belongs to exactly one record, a damaged commit costs only
itself, and where a record ends is settled by the bytes up to there: what was read once is read so for ever.
A record that begins with the origin and lacks paragraphs looks like a torn write, and is one, unless another
record follows.
"""

import re
from typing import Final, NamedTuple

_BLANK: Final = b"\n\n"
_BLANKS: Final = re.compile(_BLANK)
_LF: Final = 0x0A
MAX_RECORD: Final = 16 * 1024 * 1024
"""Longer garbage is handed out in pieces of this size."""


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
        """So many bytes always settle where a record ends."""

    def span(self, data: bytes, at: int) -> Span | None:
        """The record that begins at `at`, which is a stream's beginning or a record's end; None while undecided.

        A record's own bytes are all but the LF that makes the empty line after it.
        """
        end = self._end(data, at)
        if 0 <= end <= at + MAX_RECORD:
            return Span(end - 1, end)
        if len(data) - at >= self.enough:
            return Span(at + MAX_RECORD, at + MAX_RECORD)
        return None

    def _end(self, data: bytes, at: int) -> int:
        # What ends at `at` ended in LF, so one LF more makes an empty line before a next record's start.
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
        """A record as it is written. One that does not end in LF gets one, so that the next is found."""
        return record + (b"\n" if record.endswith(b"\n") else _BLANK)

    def claimed_size(self, data: bytes, at: int = 0) -> int | None:
        """The tree size that the record at `at` claims in its second line; None where there is none to read."""
        if not data.startswith(self.first_line, at):
            return None
        begin = at + len(self.first_line)
        # 19 digits hold every size below 2⁶³; whatever is longer is no size
        end = data.find(b"\n", begin, begin + 20)
        digits = data[begin:end] if end >= 0 else b""
        return int(digits) if digits.isdigit() else None
