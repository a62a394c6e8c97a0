"""Where a record ends in a stream's file.

A record is three paragraphs, and an empty line follows it. Whoever writes only commits reads back exactly
those. Other bytes come back too, as one or several records that no verifier takes: what breaks off a
record early is a next record's first line, which is the stream's origin; and where a record does not begin
with the origin, everything up to the next one that does is one record. So garbage costs itself, and at the
most its neighbours, and whatever follows is found again.
"""

from typing import Final

_BLANK: Final = b"\n\n"
MAX_RECORD: Final = 16 * 1024 * 1024
"""Longer garbage is handed out in pieces of this size."""


class Framing:
    """The framing of one stream, whose records begin with a known line."""

    def __init__(self, origin: str) -> None:
        self.first_line = origin.encode() + b"\n"
        self.start = _BLANK + self.first_line

    def end(self, data: bytes | memoryview, at: int, *, whole: bool) -> int | None:
        """Where the record that begins at `at` ends, its empty line included; None where that is not there yet.

        `whole`: no more bytes will come than these. A record's own bytes are all but the last LF.
        """
        data = bytes(data) if isinstance(data, memoryview) else data
        if data.startswith(self.first_line, at):
            end = self._third_blank(data, at)
            cut = data.find(self.start, at, None if end is None else end + len(self.start))
            if cut >= 0 and (end is None or cut + 2 < end):
                return cut + 2
            if end is not None:
                return end
        elif (cut := data.find(self.start, at)) >= 0:
            return cut + 2
        elif whole and (last := data.rfind(_BLANK, at)) >= 0:
            return last + 2
        return at + MAX_RECORD if len(data) - at >= MAX_RECORD else None

    @staticmethod
    def _third_blank(data: bytes, at: int) -> int | None:
        for _ in range(3):
            at = data.find(_BLANK, at)
            if at < 0:
                return None
            at += 2
        return at
