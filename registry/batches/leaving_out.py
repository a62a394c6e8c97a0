"""A batch's rows without those of one learner; all other rows keep their bytes, and their lines."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import Any, Final, NamedTuple

from registry.batches.batch import Media
from registry.batches.spool import Spooled
from registry.intake.csv_rows import FIELD, header_of
from registry.intake.ndjson_rows import LINE, text_of
from registry.intake.not_json import unique
from registry.intake.plain_rows import lines_of
from registry.persons import contradictions, normalise_identifier

_STUDENT: Final = "student"
_PERSON: Final = {"familyName": "family_name", "givenName": "given_name", "dateOfBirth": "date_of_birth"}
_BOM: Final = b"\xef\xbb\xbf"
_ENDS: Final = "\r\n"


class Sought(NamedTuple):
    """Whose rows are to go."""

    number: str
    """The learner's own number, in its one spelling."""
    person: Mapping[str, Any] | None = None
    """Of a number that belongs to somebody else now: rows with another person are not this learner's."""

    def __repr__(self) -> str:
        return "Sought(…)"  # a person is never shown by accident

    def is_in(self, row: Mapping[str, str]) -> bool:
        """Whether a row, by the names of its columns, is this learner's."""
        if normalise_identifier(row[_STUDENT]) != self.number:
            return False
        stated = {claim: row.get(column, "").strip() for claim, column in _PERSON.items()}
        return self.person is None or not contradictions(self.person, stated)


def without(content: Spooled, media: Media, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    """The bytes that stay, and the line of each row that goes; of such a row its line feeds stay.

    Where a row cannot be read, it goes if it has what `named` finds.
    """
    return _csv(content, sought, named) if media == "text/csv" else _ndjson(content, sought, named)


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


def _csv(content: Spooled, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
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
            if sought.is_in(dict(zip(names, values, strict=True))) if whole else named.search(_bytes(text)):
                yield reader.line_num + 1
                yield _bytes(_ends_of(text))
            else:
                yield _bytes(text)


def _ends_of(lines: list[str]) -> list[str]:
    return [line[len(line.rstrip(_ENDS)) :] for line in lines]


def _bytes(lines: list[str]) -> bytes:
    return "".join(lines).encode(errors="surrogateescape")


def _ndjson(content: Spooled, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    with content.open("rb") as file:
        for at, line in enumerate(lines_of(file, LINE), 1):
            if line is None:  # whomever it names: what stays is a line that is too long, too
                yield LINE * b" " + b"\n"
            elif _names(line.removeprefix(_BOM), sought, named):
                yield at
                yield line[len(line.rstrip(b"\r\n")) :]
            else:
                yield line


def _names(line: bytes, sought: Sought, named: re.Pattern[bytes]) -> bool:
    try:
        row = json.loads(line, object_pairs_hook=unique)
        given = row[_STUDENT]
    except (ValueError, RecursionError, TypeError, KeyError, IndexError):
        return named.search(line) is not None
    if isinstance(given, int | float) and not isinstance(given, bool):
        row[_STUDENT] = text_of(given)
    elif not isinstance(given, str):
        return named.search(line) is not None
    return sought.is_in({name: value for name, value in row.items() if isinstance(value, str)})
