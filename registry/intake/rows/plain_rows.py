"""Rows of few columns from a table or NDJSON of any length: course codes, status changes, awards of a term."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from registry.intake.rows.json_numbers import WrittenNumber
from registry.intake.rows.lines import byte_lines
from registry.intake.rows.not_json import no_constant, unique, why_not_json
from registry.intake.rows.report import MAX_NAMED, BadRows, IntakeError, Readable, no_rows
from registry.intake.rows.tables import Table

Form = Literal["table", "ndjson"]
Row = tuple[int, Mapping[str, Any] | str]
"""The line, and its values by column or its fault."""
_LINE_BYTES: Final = 4096
_NEAR: Final = 0.8


class PlainRows:
    """The rows of a file."""

    def __init__(self, content: Readable, form: Form, columns: Sequence[str], needed: Sequence[str]) -> None:
        """Read a table's header. `needed` are the columns that it must name (`a|b`: one of them).

        Raises `IntakeError` where it does not.
        """
        self._content = content
        self._columns = columns
        self._table = Table(content, columns, needed) if form == "table" else None
        self.notes = self._table.notes if self._table is not None else []
        """Notes on the file; reading the rows adds to them."""
        self._unread: dict[str, None] = {}
        """Names of fields that are not read, the first of them."""
        self._rows_with_more = 0
        self.decimal_comma = self._table is not None and self._table.decimal_comma
        """True if a comma within a number can only be a decimal comma."""

    def __iter__(self) -> Iterator[Row]:
        """Yield every row. Raises `IntakeError` at the end where there was none, and after too many bad ones."""
        count, bad = 0, BadRows()
        for row in self._read_ndjson() if self._table is None else self._read_table(self._table):
            count += 1
            if isinstance(row[1], str):
                bad.add(f"line {row[0]}")
            yield row
        self._note_unread()
        if not count:
            raise IntakeError(no_rows(self._content, self.description))

    @property
    def description(self) -> str:
        """Description of what was read, for a file without a row."""
        if self._table is None:
            return "every line was read for an object of JSON, and none has one"
        return f"{self._table.description}, and no row follows"

    def _note_unread(self) -> None:
        """Note the fields that were not read, after the last row."""
        self.notes += [f"{name!r} is not known and was not read" for name in self._unread]
        if self._rows_with_more:
            rows = "1 row has" if self._rows_with_more == 1 else f"{self._rows_with_more:,} rows have"
            self.notes.append(f"{rows} more fields that are not known and were not read")
        self._unread, self._rows_with_more = {}, 0

    def _read_table(self, table: Table) -> Iterator[Row]:
        for row in table:
            faults = [f"{cell.column}: {cell.fault}" for cell in row.cells if cell.column in self._columns]
            if row.fault or faults:
                yield row.line, row.fault or "; ".join(faults)
            else:
                pairs = zip(table.names, row.values, strict=True)
                yield row.line, {name: value.strip() for name, value in pairs if name in self._columns}

    def _read_ndjson(self) -> Iterator[Row]:
        with self._content.open("rb") as file:
            for number, line in enumerate(byte_lines(file, _LINE_BYTES), 1):
                if line is None:
                    yield number, f"is longer than {_LINE_BYTES:,} bytes"
                elif line.strip():
                    yield number, self._read_object(line)

    def _read_object(self, line: bytes) -> Mapping[str, Any] | str:
        try:
            text = line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode()
            row = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant, parse_float=WrittenNumber)
            json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair cannot be stored
        except (ValueError, RecursionError) as error:
            return f"is not JSON: {why_not_json(error)}"
        if not isinstance(row, dict):
            return "is not a JSON object"
        absent = [name for name in self._columns if name not in row]
        for name in [name for name in row if name not in self._columns]:
            if alike := difflib.get_close_matches(name, absent, 1, _NEAR):
                return f"{name[:80]!r} is not known; is it {alike[0]!r}? Rename it, or leave it out"
        self._rows_with_more += not self._remember_unread(row)
        return row

    def _remember_unread(self, row: Mapping[str, Any]) -> bool:
        """Remember the names of a row's fields that are not read; return False if there are too many."""
        for name in row:
            if name not in self._columns and name[:80] not in self._unread:
                if len(self._unread) == MAX_NAMED:
                    return False
                self._unread[name[:80]] = None
        return True


def form_of(content: Readable) -> Form:
    """Return the form of a file, by its first character."""
    with content.open("rb") as file:
        start = file.read(64)
    return "ndjson" if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "table"
