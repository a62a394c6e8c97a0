"""Rows that each replace a credential."""

from collections.abc import Iterator

from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.report import Problem
from registry.intake.rows.table_rows import TableRows

_LACKING = "is empty; name the credential that this row corrects, or the record that it was issued for"


class ReplacingRows:
    """The rows of a file; a row that replaces nothing is faulty."""

    def __init__(self, rows: TableRows | NdjsonRows) -> None:
        self._rows = rows

    @property
    def notes(self) -> list[str]:
        """Notes about the file."""
        return self._rows.notes

    @property
    def description(self) -> str:
        """A description of what was read, for a file without a row."""
        return self._rows.description

    @property
    def count(self) -> int:
        """The number of rows read."""
        return self._rows.count

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield each row."""
        for row in self._rows:
            if isinstance(row.result, tuple) or row.result.replaces is not None:
                yield row
            else:
                yield row._replace(result=(Problem(row.where, "replaces", "", _LACKING),))
