"""Limits and recognition of spreadsheets, without openpyxl, which takes long to load."""

from typing import TYPE_CHECKING, Final, NamedTuple

from registry.intake.rows.report import IntakeError, Readable

if TYPE_CHECKING:
    from registry.intake.rows.xlsx import Workbook

MAX_COLUMNS: Final = 500
MAX_HEADER_ROW: Final = 1000
"""The last row of a sheet that can be its header."""
_ZIP: Final = b"PK\x03\x04"


class Sheet(NamedTuple):
    """A sheet of a workbook."""

    name: str
    part: str
    """Name of its part in the archive."""


class MergedRange(NamedTuple):
    """A range of cells that a sheet displays as one, with the value of the first."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int
    reference: str
    """For example `K2:K3`."""


def is_spreadsheet(content: Readable) -> bool:
    """Return True if a file is an archive, as an `.xlsx` is. Raises `IntakeError` where it cannot be opened."""
    try:
        with content.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError as error:
        raise IntakeError(f"cannot read {content}: {error.strerror}") from error


def open_workbook(content: Readable) -> "Workbook":
    """Open a spreadsheet. Raises `IntakeError` where it cannot be read, or is too large."""
    from registry.intake.rows.xlsx import Workbook  # noqa: PLC0415 - openpyxl takes a tenth of a second to load

    return Workbook(content)
