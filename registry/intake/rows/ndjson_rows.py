"""Credential rows from NDJSON: one object a line, with the columns' names."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Final

from registry.application.requests import IssueRequest
from registry.intake.rows.columns import COLUMNS, NAMES, FindRecord, Problems, RowChecker, example_note
from registry.intake.rows.days import Order
from registry.intake.rows.json_numbers import WrittenNumber, column_fault, text_of
from registry.intake.rows.lines import byte_lines
from registry.intake.rows.not_json import no_constant, unique, why_not_json
from registry.intake.rows.report import MAX_NAMED, BadRows, Catalogue, Problem, Readable

LINE: Final = 256 * 1024
"""Bytes of a row at most."""


class NdjsonRows:
    """An NDJSON file of any length."""

    def __init__(
        self,
        path: Readable,
        catalogue: Catalogue,
        *,
        holds: bool = False,
        dates: Order | None = None,
        keep_text: bool = False,
        find_record: FindRecord | None = None,
    ) -> None:
        """Read nothing yet; the options are for `RowChecker`."""
        self.path = path
        self.line = 0
        """The line of the row given last."""
        self.where = ""
        """Its place in words."""
        self.count = 0
        """Rows that were read, without the template's example."""
        self.notes: list[str] = []
        self._checker = RowChecker(catalogue, holds=holds, dates=dates, keep_text=keep_text, find_record=find_record)

    @property
    def held_until(self) -> date | None:
        """The day from which the row given last is to be published, where that is to come (and rows are held)."""
        return self._checker.held_until

    @property
    def description(self) -> str:
        """Return in words what was read of a file without a row."""
        lines = "1 line was" if self.line == 1 else f"{self.line:,} lines were"
        return f"{lines} read, each for an object of JSON, and none has a row of your own"

    def __iter__(self) -> Iterator[IssueRequest | Problems]:
        """Yield every row, as a request or as all that is wrong with it.

        Raises `IntakeError` where too many rows are wrong.
        """
        self.count, bad = 0, BadRows()
        with self.path.open("rb") as file:
            for number, line in enumerate(byte_lines(file, LINE), 1):
                self.line = number
                self.where = f"line {number}"
                if line is not None and not line.strip():
                    continue
                found = self._row(number, line)
                if found is None:
                    self._note(example_note(number))
                    continue
                self.count += 1
                if isinstance(found, tuple):
                    bad.add(self.where)
                yield found
        for note in self._checker.notes():
            self._note(note)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _row(self, number: int, line: bytes | None) -> IssueRequest | Problems | None:
        def problem(detail: str, field: str = "") -> Problem:
            return Problem(f"line {number}", field, "", detail)

        if line is None:
            return (problem(f"is longer than {LINE:,} bytes"),)
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        try:
            value = json.loads(
                text.rstrip(b"\r\n").decode(),
                object_pairs_hook=unique,
                parse_constant=no_constant,
                parse_float=WrittenNumber,
            )
        except (ValueError, RecursionError) as error:
            return (problem(f"is not a JSON object in UTF-8: {why_not_json(error)}"),)
        if not isinstance(value, dict):
            return (problem('is not a JSON object; write {"record": …, …}'),)
        row: dict[str, str] = {}
        wrong: list[Problem] = []
        unknown = [name[:80] for name in value if name not in NAMES]
        wrong += [problem(f"is no column; they are {', '.join(NAMES)}", name) for name in unknown[:MAX_NAMED]]
        if len(unknown) > MAX_NAMED:
            wrong.append(problem(f"has {len(unknown) - MAX_NAMED:,} more fields that are no columns"))
        for name, given in value.items():
            if name not in NAMES:
                continue
            if (fault := column_fault(name, given)) is not None:
                wrong.append(problem(fault, name))
            elif given is None:
                row[name] = ""
            else:
                row[name] = given if isinstance(given, str) else text_of(given)
        found = self._checker.check_all(number, row)
        if not wrong:
            return found
        named = {one.field for one in wrong}
        others = found if isinstance(found, tuple) else ()
        return (*wrong, *(one for one in others if one.field not in named))


def template() -> str:
    """An NDJSON to fill in: one example row, which is passed over."""
    return json.dumps({c.name: c.example for c in COLUMNS if c.example}) + "\n"
