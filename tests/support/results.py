"""Readers of rows, for tests that look at what the rows say and not at their places."""

from collections.abc import Iterator
from typing import Any

from registry.intake.files import open_intake
from registry.intake.formats.document import Document
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.table_rows import TableRows


class Results:
    """Yields the request of each row, or its problems; all else is the reader's."""

    def __init__(self, reader: TableRows | NdjsonRows) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[Any]:
        return (row.result for row in self._reader)

    def rows(self) -> list[ReadRow]:
        """The rows with their places."""
        return list(self._reader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def open_results(*arguments, **options) -> Results:
    reader = open_intake(*arguments, **options)
    assert not isinstance(reader, Document)
    return Results(reader)
