"""A batch's rows without those of one learner; all other rows keep their bytes, and their lines."""

import csv
import json
import re
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Final

from registry.batches.batch import Media
from registry.batches.spool import Spooled
from registry.intake.csv_rows import FIELD, header_of
from registry.intake.ndjson_rows import LINE, text_of
from registry.intake.not_json import unique
from registry.intake.plain_rows import lines_of

_STUDENT: Final = "student"
_BOM: Final = b"\xef\xbb\xbf"
_ENDS: Final = "\r\n"


def without(content: Spooled, media: Media, number: str, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    """The bytes that stay, and the line of each row that goes; of such a row its line feeds stay.

    `number` is the learner's own. Where a row cannot be read, it goes if it has what `named` finds.
    """
    return _csv(content, number, named) if media == "text/csv" else _ndjson(content, number, named)


class _Lines:
    """A file's lines as a reader takes them, and those that it took for its last row."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self._taken.append(line)
            yield line

    def taken(self) -> list[str]:
        """Them."""
        lines, self._taken = self._taken, []
        return lines


def _csv(content: Spooled, number: str, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    csv.field_size_limit(FIELD)
    with (
        content.open("rb") as raw,
        TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
    ):
        lines = _Lines(file)
        head = next(iter(lines), "")
        delimiter, names = header_of(head.rstrip(_ENDS))
        place = names.index(_STUDENT) if names.count(_STUDENT) == 1 else -1
        text = lines.taken()
        if place < 0 and named.search(_bytes(text)):  # it names no columns, but somebody
            yield 1
            text = _ends_of(text)
        yield _bytes(text)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            try:
                values = next(reader)
            except StopIteration:
                yield _bytes(lines.taken())
                return
            except csv.Error:
                values = []
            text = lines.taken()
            # One of several lines is refused in any case: a quotation mark left open may have swallowed other rows.
            whole = len(values) == len(names) and place >= 0 and len(text) == 1
            if values[place].strip() == number if whole else named.search(_bytes(text)):
                yield reader.line_num + 1
                yield _bytes(_ends_of(text))
            else:
                yield _bytes(text)


def _ends_of(lines: list[str]) -> list[str]:
    return [line[len(line.rstrip(_ENDS)) :] for line in lines]


def _bytes(lines: list[str]) -> bytes:
    return "".join(lines).encode(errors="surrogateescape")


def _ndjson(content: Spooled, number: str, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    with content.open("rb") as file:
        for at, line in enumerate(lines_of(file, LINE), 1):
            if line is None:  # whomever it names: what stays is a line that is too long, too
                yield LINE * b" " + b"\n"
            elif _names(line.removeprefix(_BOM), number, named):
                yield at
                yield line[len(line.rstrip(b"\r\n")) :]
            else:
                yield line


def _names(line: bytes, number: str, named: re.Pattern[bytes]) -> bool:
    try:
        given = json.loads(line, object_pairs_hook=unique)[_STUDENT]
    except (ValueError, RecursionError, TypeError, KeyError, IndexError):
        return named.search(line) is not None
    if isinstance(given, str):
        return given.strip() == number
    if isinstance(given, int | float) and not isinstance(given, bool):
        return text_of(given) == number
    return named.search(line) is not None
