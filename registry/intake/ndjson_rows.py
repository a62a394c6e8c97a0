"""Credential rows from NDJSON: one object a line, with the columns' names."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Final

from registry.intake.columns import COLUMNS, NAMES, RowChecker, example_note
from registry.intake.not_json import no_constant, unique, why_not_json
from registry.intake.plain_rows import lines_of
from registry.intake.report import Catalogue, Problem, Readable
from registry.requests import IssueRequest

LINE: Final = 256 * 1024
"""Bytes of a row at most."""


class NdjsonRows:
    """An NDJSON file of any length."""

    def __init__(self, path: Readable, catalogue: Catalogue, *, holds: bool = False) -> None:
        self.path = path
        self.line = 0
        """The line of the row given last."""
        self.notes: list[str] = []
        self._checker = RowChecker(catalogue, holds=holds)

    @property
    def held_until(self) -> date | None:
        """The day from which the row given last is to be published, where that is to come (and rows are held)."""
        return self._checker.held_until

    def __iter__(self) -> Iterator[IssueRequest | Problem]:
        """Every row, as a request or as what is wrong with it."""
        with self.path.open("rb") as file:
            for number, line in enumerate(lines_of(file, LINE), 1):
                self.line = number
                if line is None:
                    yield Problem(f"line {number}", "", "", f"is longer than {LINE:,} bytes")
                elif line.strip():
                    found = self._row(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
                    if found is not None:
                        yield found
                    elif (note := example_note(number)) not in self.notes:
                        self.notes.append(note)

    def _row(self, number: int, line: bytes) -> IssueRequest | Problem | None:
        try:
            value = json.loads(line.rstrip(b"\r\n").decode(), object_pairs_hook=unique, parse_constant=no_constant)
        except (ValueError, RecursionError) as error:
            return Problem(f"line {number}", "", "", f"is not a JSON object in UTF-8: {why_not_json(error)}")
        if not isinstance(value, dict):
            return Problem(f"line {number}", "", "", 'is not a JSON object; write {"record": …, …}')
        row: dict[str, str] = {}
        for name, given in value.items():
            if name not in NAMES:
                return Problem(f"line {number}", name[:80], "", f"is no column; they are {', '.join(NAMES)}")
            if given is None:
                continue
            if isinstance(given, bool) or not isinstance(given, str | int | float):
                return Problem(f"line {number}", name, "", "is not a text or a number")
            row[name] = given if isinstance(given, str) else text_of(given)
        return self._checker.check(number, row)


def text_of(number: float) -> str:
    """A number as a row's text."""
    if isinstance(number, int):
        return repr(number)
    return str(int(number)) if number.is_integer() else repr(number)


def template() -> str:
    """An NDJSON to fill in: one example row, which is passed over."""
    return json.dumps({c.name: c.example for c in COLUMNS if c.example}) + "\n"
