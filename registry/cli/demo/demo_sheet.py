"""A spreadsheet for the clerk of the demo to import: five of its rows have a fault."""

import csv
import io
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import openpyxl

from registry.cli.files import write_file

SHEET: Final = "spring-2026.xlsx"
_ROWS: Final = 40
_COLUMNS: Final = (
    "record", "achievement", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "ects", "grade",
)  # fmt: skip
_FAMILY_NAMES: Final = ("Lindqvist", "Müller", "de Wit", "Novák", "Şahin", "Weiß", "García", "Ó Briain")
_GIVEN_NAMES: Final = ("Bram", "Farah", "Elin", "Noor", "Jonas")
_FAULTS: Final = {
    11: {"awarding_date": "2026-13-02"},
    17: {"ects": "7.5"},
    23: {"date_of_birth": "2029-10-15"},
    29: {"achievement": "data-literacy"},
    34: {"student": ""},
}
"""The cells that are wrong, by row."""


def write_sheet(folder: Path, university: str, year: int) -> Path:
    """Write the spreadsheet, with achievements that the university has awarded this year; return where it is."""
    offered = _achievements(folder / f"{university}-{year}.csv")
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(_COLUMNS)
    for number in range(1, _ROWS + 1):
        row = {
            "record": f"{university}-spring-{year}-{number:03}",
            "achievement": offered[number % len(offered)],
            "student": f"spring-{number:03}",
            "family_name": _FAMILY_NAMES[number % len(_FAMILY_NAMES)],
            "given_name": _GIVEN_NAMES[number % len(_GIVEN_NAMES)],
            "date_of_birth": (date(2000, 1, 1) + timedelta(53 * number)).isoformat(),
            "awarding_date": (date(year, 6, 1) + timedelta(number % 28)).isoformat(),
            "ects": "5",
            "grade": f"{6 + number % 4}",
            **_FAULTS.get(number, {}),
        }
        sheet.append([row[column] for column in _COLUMNS])
    content = io.BytesIO()
    book.save(content)
    file = folder / SHEET
    write_file(file, content.getvalue(), 0o600)
    return file


def _achievements(file: Path) -> list[str]:
    with file.open(newline="", encoding="utf-8") as rows:
        return sorted({row["achievement"] for row in islice(csv.DictReader(rows), 100)})
