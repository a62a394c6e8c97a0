"""Which batches name a learner: their contents, still on the disk, are looked through for the university's number."""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from registry.batches.batch import DOCUMENTS, ENDED, Batch
from registry.batches.book import Book
from registry.batches.leaving_out import without
from registry.batches.progress import RowProblem
from registry.batches.spool import CHUNK, SpoolDamaged, Spooled

_ERASED = RowProblem(0, "", "student", "", "erased", "the learner was erased before this row was taken in")


class Mention(NamedTuple):
    """A batch whose content has somebody's number."""

    batch: Batch
    number: str
    lines: Sequence[int]

    @property
    def in_the_way(self) -> bool:
        """Whether its content can neither go nor be written anew: that is needed yet, or being read."""
        return self.batch.state == "working" or not (self._of_rows or self.batch.state in ENDED)

    @property
    def _of_rows(self) -> bool:
        return self.batch.kind == "credentials" and self.batch.media not in DOCUMENTS

    def take_out(self, book: Book) -> Sequence[int]:
        """Take the learner's rows out of it, or drop it where it has no rows; the lines that named them.

        Raises `WrongState` where it is in the way.
        """
        if not self._of_rows:
            book.drop_content(self.batch.batch)
            return self.lines
        named, media = _pattern(self.number), self.batch.media
        gone = book.leave_out(self.batch.batch, lambda content: without(content, media, self.number, named), _ERASED)
        return sorted({*gone, *self.lines})


def mentions(book: Book, number: str) -> list[Mention]:
    """All batches whose content has this number as a field. What lies on the disk damaged names nobody."""
    pattern = _pattern(number)
    return [
        Mention(batch, number, lines)
        for batch in book.with_content()
        if (lines := _lines(book.content(batch.batch), pattern))
    ]


def _pattern(number: str) -> re.Pattern[bytes]:
    # As a row has it, and as JSON may; bounded, so that s1 is not found in s12.
    forms = {number.encode(), json.dumps(number)[1:-1].encode()}
    return re.compile(b"(?<![0-9A-Za-z])(?:" + b"|".join(map(re.escape, sorted(forms))) + b")(?![0-9A-Za-z])")


def _lines(content: Spooled, pattern: re.Pattern[bytes]) -> list[int]:
    found = []
    try:
        with content.open("rb") as file:
            number = 0
            while line := file.readline(CHUNK):
                if pattern.search(line):
                    found.append(number + 1)
                number += line.endswith(b"\n")
    except SpoolDamaged:
        return []
    return found
