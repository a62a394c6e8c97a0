"""Credential rows from NDJSON: one object a line, with the columns' names."""

import json
from collections.abc import Iterator
from typing import Final

from registry.intake.rows.columns import NAMES, example_note
from registry.intake.rows.days import Order
from registry.intake.rows.json_numbers import WrittenNumber, column_fault, text_of
from registry.intake.rows.lines import byte_lines
from registry.intake.rows.not_json import no_constant, unique, why_not_json
from registry.intake.rows.read_row import ReadRow
from registry.intake.rows.report import MAX_NAMED, BadRows, Catalogue, Problem, Readable
from registry.intake.rows.row_checker import CheckedRow, FindRecord, RowChecker
from registry.intake.rows.row_texts import MAX_FIELD
from registry.intake.rows.tables import PROBLEM

MAX_LINE_BYTES: Final = 256 * 1024


class NdjsonRows:
    """An NDJSON file of any length."""

    def __init__(
        self,
        path: Readable,
        catalogue: Catalogue,
        *,
        schedules: bool = False,
        dates: Order | None = None,
        keep_text: bool = False,
        is_mapped: bool = False,
        find_record: FindRecord | None = None,
    ) -> None:
        """Read nothing yet; the options are for `RowChecker`.

        `is_mapped`: the node made the file of a table, and a row of it may state why it could not be read (`problem`).
        """
        self.path = path
        self._is_mapped = is_mapped
        self._lines_read = 0
        self.count = 0
        """Number of rows that were read, without the template's example."""
        self.notes: list[str] = []
        """Notes on the file, once its rows are read."""
        self._checker = RowChecker(
            catalogue, schedules=schedules, dates=dates, keep_text=keep_text, find_record=find_record
        )

    @property
    def description(self) -> str:
        """Description of what was read, for a file without a row."""
        lines = "1 line was" if self._lines_read == 1 else f"{self._lines_read:,} lines were"
        return f"{lines} read, each for an object of JSON, and none has a row of your own"

    def __iter__(self) -> Iterator[ReadRow]:
        """Yield every row. Raises `IntakeError` where too many rows are wrong."""
        self.count, bad = 0, BadRows()
        with self.path.open("rb") as file:
            for number, line in enumerate(byte_lines(file, MAX_LINE_BYTES), 1):
                self._lines_read = number
                if line is not None and not line.strip():
                    continue
                checked = self._check_line(number, line)
                if checked is None:
                    self._note(example_note(number))
                    continue
                self.count += 1
                if isinstance(checked.result, tuple):
                    bad.add(f"line {number}")
                yield ReadRow(checked.result, number, number, checked.day)
        for note in self._checker.list_notes():
            self._note(note)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _check_line(self, number: int, line: bytes | None) -> CheckedRow | None:
        def problem(detail: str, field: str = "") -> Problem:
            return Problem(f"line {number}", field, "", detail)

        if line is None:
            return CheckedRow((problem(f"is longer than {MAX_LINE_BYTES:,} bytes"),))
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        try:
            value = json.loads(
                text.rstrip(b"\r\n").decode(),
                object_pairs_hook=unique,
                parse_constant=no_constant,
                parse_float=WrittenNumber,
            )
        except (ValueError, RecursionError) as error:
            return CheckedRow((problem(f"is not a JSON object in UTF-8: {why_not_json(error)}"),))
        if not isinstance(value, dict):
            return CheckedRow((problem('is not a JSON object; write {"record": …, …}'),))
        row: dict[str, str] = {}
        wrong: list[Problem] = []
        if self._is_mapped and (stated := value.pop(PROBLEM, None)):
            wrong.append(problem(str(stated)[:MAX_FIELD]))
        unknown = [name[:80] for name in value if name not in NAMES]
        wrong += [problem(f"is not a column; they are {', '.join(NAMES)}", name) for name in unknown[:MAX_NAMED]]
        if len(unknown) > MAX_NAMED:
            wrong.append(problem(f"has {len(unknown) - MAX_NAMED:,} more fields that are not columns"))
        for name, item in value.items():
            if name not in NAMES:
                continue
            if (fault := column_fault(name, item)) is not None:
                wrong.append(problem(fault, name))
            elif item is None:
                row[name] = ""
            else:
                row[name] = item if isinstance(item, str) else text_of(item)
        checked = self._checker.check(number, row)
        if not wrong:
            return checked
        named = {fault.field for fault in wrong}
        others = checked.result if checked is not None and isinstance(checked.result, tuple) else ()
        return CheckedRow((*wrong, *(other for other in others if other.field not in named)))
