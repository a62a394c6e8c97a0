"""A row as the readers of files return it."""

from datetime import date
from typing import NamedTuple

from registry.application.requests import IssueRequest
from registry.intake.rows.report import Problems


class ReadRow(NamedTuple):
    """A row of a file, with its place."""

    result: IssueRequest | Problems
    """The row as a request, or all its problems."""
    line: int
    """The line at which it ends."""
    first_line: int
    """The line at which it begins."""
    day: date | None = None
    """Day from which it is to be published, where that is to come and the reader schedules rows."""

    @property
    def where(self) -> str:
        """The place of the row in words."""
        return where_of(self.first_line, self.line)


def where_of(first_line: int, line: int) -> str:
    """Return the place of a row in words."""
    return f"line {line}" if first_line == line else f"lines {first_line} to {line}"
