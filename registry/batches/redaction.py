"""Redaction of a batch's content: one learner's rows are removed; others keep their lines, and in UTF-8 their bytes.

Text in another encoding becomes UTF-8, and a spreadsheet becomes a CSV.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from registry.batches.batch import TABLES, Media
from registry.batches.batch_file import BatchFile
from registry.intake.rows.columns import NAMES
from registry.intake.rows.days import Order, read_day
from registry.intake.rows.json_numbers import text_of
from registry.intake.rows.lines import byte_lines, text_lines
from registry.intake.rows.ndjson_rows import MAX_LINE_BYTES
from registry.intake.rows.not_json import unique
from registry.intake.rows.report import IntakeError
from registry.intake.rows.tables import Table, TableRow
from registry.values.persons import contradictions, normalise_identifier

_STUDENT: Final = "student"
_PERSON: Final = {"familyName": "family_name", "givenName": "given_name", "dateOfBirth": "date_of_birth"}
_BORN: Final = "dateOfBirth"
_BOM: Final = b"\xef\xbb\xbf"
_ENDS: Final = "\r\n"
_BREAKS: Final = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")


class SoughtLearner(NamedTuple):
    """The learner whose rows are removed."""

    number: str
    """The university's number of the learner, normalised."""
    person: Mapping[str, Any] | None = None
    """Set where the number now belongs to another person: rows that name another person are not this learner's."""
    dates: Order | None = None
    """Order in which the batch writes days that are not `YYYY-MM-DD`."""

    def __repr__(self) -> str:
        return "SoughtLearner(…)"  # no person in logs by accident

    def has_row(self, row: Mapping[str, str]) -> bool:
        """Return True if a row (values by column) is this learner's, and also if that cannot be known."""
        if normalise_identifier(row[_STUDENT]) != self.number:
            return False
        if self.person is None:
            return True
        stated = {claim: row.get(column, "").strip() for claim, column in _PERSON.items()}
        if stated[_BORN]:
            day = read_day(stated[_BORN], self.dates)
            if day is None:  # no credential can be issued from it as it is
                return True
            stated[_BORN] = day
        return not contradictions(self.person, stated)


def redact_rows(
    content: BatchFile, media: Media, sought: SoughtLearner, pattern: re.Pattern[bytes]
) -> Iterator[bytes | int]:
    """Yield the bytes that stay, and the line of each row that is removed; of such a row its line feeds stay.

    A row that cannot be read is removed if `pattern` finds the learner's number in it.
    """
    return _redact_table(content, sought, pattern) if media in TABLES else _redact_ndjson(content, sought, pattern)


def _redact_table(content: BatchFile, sought: SoughtLearner, pattern: re.Pattern[bytes]) -> Iterator[bytes | int]:
    try:
        table = Table(content, NAMES, [_STUDENT])
    except IntakeError:
        yield from _redact_lines(content, pattern)
        return

    def is_removed(row: TableRow, text: bytes, *, several_lines: bool) -> bool:
        # A row of several lines is removed if it has the number anywhere: a quotation mark may have swallowed rows.
        if row.fault or several_lines:
            return pattern.search(text) is not None
        if faults := [cell for cell in row.cells if cell.column == _STUDENT]:
            # The number in this cell is uncertain: both the shown and the stored one count.
            quoted = "\n".join(f"{cell.shown}\n{cell.fault}" for cell in faults)
            return pattern.search(text + quoted.encode("utf-8", "replace")) is not None
        return sought.has_row(dict(zip(table.names, row.values, strict=True)))

    if not table.delimiter:
        yield from _redact_sheet(table, is_removed)
        return
    yield _encode(table.lines_before_rows())
    for row, lines in table.lines_of_rows():
        text = _encode(lines)
        if row is not None and is_removed(row, text, several_lines=len(lines) > 1):
            yield row.end
            yield _encode(_line_ends(lines))
        else:
            yield text


def _redact_sheet(table: Table, is_removed: Callable[..., bool]) -> Iterator[bytes | int]:
    """Yield a spreadsheet as a CSV, with one line for each row of the sheet."""
    following = 1

    def csv_line(values: Sequence[str]) -> bytes:
        text = io.StringIO()
        cells = [_BREAKS.sub(" ", value) for value in values]
        csv.writer(text, delimiter=";", lineterminator="\n").writerow(cells)
        return text.getvalue().encode("utf-8", "replace")

    yield b"\n" * (table.first_line - following)
    yield csv_line(table.header)
    following = table.first_line + 1
    for row in table:
        yield b"\n" * (row.line - following)
        text = csv_line(row.values)
        if is_removed(row, text, several_lines=False):
            yield row.end
            yield b"\n"
        else:
            yield text
        following = row.line + 1


def _redact_lines(content: BatchFile, pattern: re.Pattern[bytes]) -> Iterator[bytes | int]:
    """Yield the lines of a content without readable rows; where it has no readable lines either, nothing stays."""
    try:
        for number, line in text_lines(content):
            if pattern.search(line.encode(errors="surrogateescape")):
                yield number
                yield _encode(_line_ends([line]))
            else:
                yield _encode([line])
    except IntakeError:
        yield 1


def _line_ends(lines: list[str]) -> list[str]:
    return [line[len(line.rstrip(_ENDS)) :] for line in lines]


def _encode(lines: list[str]) -> bytes:
    return "".join(lines).encode(errors="surrogateescape")


def _redact_ndjson(content: BatchFile, sought: SoughtLearner, pattern: re.Pattern[bytes]) -> Iterator[bytes | int]:
    with content.open("rb") as file:
        for number, line in enumerate(byte_lines(file, MAX_LINE_BYTES), 1):
            if line is None:  # too long to be read: it stays a line that is too long, without its text
                yield MAX_LINE_BYTES * b" " + b"\n"
            elif _has_learner(line.removeprefix(_BOM), sought, pattern):
                yield number
                yield line[len(line.rstrip(b"\r\n")) :]
            else:
                yield line


def _has_learner(line: bytes, sought: SoughtLearner, pattern: re.Pattern[bytes]) -> bool:
    try:
        row = json.loads(line, object_pairs_hook=unique)
        student = row[_STUDENT]
    except (ValueError, RecursionError, TypeError, KeyError, IndexError):
        return pattern.search(line) is not None
    if isinstance(student, int | float) and not isinstance(student, bool):
        row[_STUDENT] = text_of(student)
    elif not isinstance(student, str):
        return pattern.search(line) is not None
    return sought.has_row({name: value for name, value in row.items() if isinstance(value, str)})
