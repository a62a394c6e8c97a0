"""Which batches name a learner: their contents, still on the disk, are looked through for the university's number."""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from registry.batches.book import Book
from registry.batches.spool import CHUNK, SpoolDamaged, Spooled


class Mention(NamedTuple):
    """A batch whose content names somebody."""

    batch: str
    ended: bool
    """It was worked through, failed or was cancelled: its content is kept for corrections only."""
    lines: Sequence[int]


def mentions(book: Book, number: str) -> list[Mention]:
    """All batches whose content has this number as a field. What lies on the disk damaged names nobody."""
    # As a row has it, and as JSON may; bounded, so that s1 is not found in s12.
    forms = {number.encode(), json.dumps(number)[1:-1].encode()}
    pattern = re.compile(b"(?<![0-9A-Za-z])(?:" + b"|".join(map(re.escape, sorted(forms))) + b")(?![0-9A-Za-z])")
    return [
        Mention(batch, ended, lines)
        for batch, ended in book.with_content()
        if (lines := _lines(book.content(batch), pattern))
    ]


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
