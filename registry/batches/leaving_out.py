"""A batch's rows without those of one learner; all other rows keep their lines, and in UTF-8 their bytes.

Text in another encoding becomes UTF-8, and a spreadsheet a CSV.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from registry.batches.batch import TABLES, Media
from registry.batches.spool import Spooled
from registry.intake.rows.columns import NAMES
from registry.intake.rows.days import Order, read_day
from registry.intake.rows.json_numbers import text_of
from registry.intake.rows.lines import byte_lines, text_lines
from registry.intake.rows.ndjson_rows import LINE
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


class Sought(NamedTuple):
    """Whose rows are to go."""

    number: str
    """The learner's own number, in its one spelling."""
    person: Mapping[str, Any] | None = None
    """Of a number that belongs to somebody else now: rows with another person are not this learner's."""
    dates: Order | None = None
    """How the batch writes days that are not `YYYY-MM-DD`."""

    def __repr__(self) -> str:
        return "Sought(…)"  # a person is never shown by accident

    def is_in(self, row: Mapping[str, str]) -> bool:
        """Whether a row, by the names of its columns, is this learner's. Where nobody can tell, it is."""
        if normalise_identifier(row[_STUDENT]) != self.number:
            return False
        if self.person is None:
            return True
        stated = {claim: row.get(column, "").strip() for claim, column in _PERSON.items()}
        if stated[_BORN]:
            day = read_day(stated[_BORN], self.dates)
            if day is None:  # it is issued to nobody as it stands
                return True
            stated[_BORN] = day
        return not contradictions(self.person, stated)


def without(content: Spooled, media: Media, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    """The bytes that stay, and the line of each row that goes; of such a row its line feeds stay.

    Where a row cannot be read, it goes if it has what `named` finds.
    """
    return _table(content, sought, named) if media in TABLES else _ndjson(content, sought, named)


def _table(content: Spooled, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    try:
        table = Table(content, NAMES, [_STUDENT])
    except IntakeError:
        yield from _no_table(content, named)
        return

    def goes(row: TableRow, text: bytes, *, several_lines: bool) -> bool:
        # One of several lines goes where it names the number at all: a quotation mark may have swallowed other rows.
        if row.fault or several_lines:
            return named.search(text) is not None
        if faults := [cell for cell in row.cells if cell.column == _STUDENT]:
            # The number is not certain: one that is shown or stored counts.
            quoted = "\n".join(f"{cell.shown}\n{cell.fault}" for cell in faults)
            return named.search(text + quoted.encode("utf-8", "replace")) is not None
        return sought.is_in(dict(zip(table.names, row.values, strict=True)))

    if not table.delimiter:
        yield from _sheet(table, goes)
        return
    yield _bytes(table.lines_before_rows())
    for row, lines in table.lines_of_rows():
        text = _bytes(lines)
        if row is not None and goes(row, text, several_lines=len(lines) > 1):
            yield row.end
            yield _bytes(_ends_of(lines))
        else:
            yield text


def _sheet(table: Table, goes: Callable[..., bool]) -> Iterator[bytes | int]:
    """The rows of a spreadsheet as a CSV, a line for each row of the sheet."""
    following = 1

    def line(values: Sequence[str]) -> bytes:
        into = io.StringIO()
        cells = [_BREAKS.sub(" ", value) for value in values]
        csv.writer(into, delimiter=";", lineterminator="\n").writerow(cells)
        return into.getvalue().encode("utf-8", "replace")

    yield b"\n" * (table.first_line - following)
    yield line(table.header)
    following = table.first_line + 1
    for row in table:
        yield b"\n" * (row.line - following)
        text = line(row.values)
        if goes(row, text, several_lines=False):
            yield row.end
            yield b"\n"
        else:
            yield text
        following = row.line + 1


def _no_table(content: Spooled, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    """The lines of what no rows are read from; nothing stays where it has no lines either."""
    try:
        for at, line in text_lines(content):
            if named.search(line.encode(errors="surrogateescape")):
                yield at
                yield _bytes(_ends_of([line]))
            else:
                yield _bytes([line])
    except IntakeError:
        yield 1


def _ends_of(lines: list[str]) -> list[str]:
    return [line[len(line.rstrip(_ENDS)) :] for line in lines]


def _bytes(lines: list[str]) -> bytes:
    return "".join(lines).encode(errors="surrogateescape")


def _ndjson(content: Spooled, sought: Sought, named: re.Pattern[bytes]) -> Iterator[bytes | int]:
    with content.open("rb") as file:
        for at, line in enumerate(byte_lines(file, LINE), 1):
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
