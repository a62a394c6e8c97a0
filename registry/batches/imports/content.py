"""The content of a batch that is made from an import: the rows that are right, each at its line in the import's file.

Lines without such a row are blank. So a row has one number from the upload to the log.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any, Final

import msgspec

from registry.application.requests import IssueRequest
from registry.intake.rows import parts
from registry.intake.rows.read_row import ReadRow
from registry.values.persons import normalise_identifier

_STEP_ROWS: Final = 1000
"""Rows whose records are looked up together."""
FindIssued = Callable[[Collection[str]], Collection[str]]
"""Returns those of these records for which a credential was issued."""


class Awards(msgspec.Struct):
    """The awards of one version of one achievement in a batch."""

    achievement: str
    version: int | None
    """None: the newest."""
    rows: int
    first_day: str
    last_day: str


class ChangedMeanwhile(Exception):
    """A row that was right when it was checked, and is not any more."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(f"line {line} was right when it was checked, and is not any more: {detail}")
        self.line = line


class ReadyRows:
    """The rows to hand over, as lines of NDJSON, with counts of them."""

    def __init__(
        self,
        rows: Iterable[ReadRow],
        corrected: Mapping[int, tuple[IssueRequest, date | None]],
        left: Collection[int],
        find_issued: FindIssued,
        *,
        is_first: bool,
    ) -> None:
        """Read nothing yet.

        `corrected` are requests in place of rows, by line; `left` are lines that stay where they are. Without
        `is_first`, rows that needed no correction were handed over before.
        """
        self._rows = rows
        self._corrected = corrected
        self._left = left
        self._find_issued = find_issued
        self._is_first = is_first
        self._awards: dict[tuple[str, int | None], Awards] = {}
        self._learners: set[str] = set()
        self._records: set[str] = set()
        self._line = 1
        self.count = 0
        """Rows so far."""

    @property
    def learners(self) -> int:
        """Number of learners so far, told apart by their numbers."""
        return len(self._learners)

    @property
    def awards(self) -> list[Awards]:
        """The awards so far, by achievement and version; the most first."""
        return sorted(self._awards.values(), key=lambda each: (-each.rows, each.achievement, each.version or 0))

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content. Raises `ChangedMeanwhile`, `IntakeError`, `DamagedBatchFile`."""
        chosen = self._choose()
        while some := list(islice(chosen, _STEP_ROWS)):
            issued = set(self._find_issued([request.record for _, request, _ in some]))
            for line, request, day in some:
                record = normalise_identifier(request.record)
                if request.record not in issued and record not in self._records:
                    self._records.add(record)
                    self._count(request)
                    yield b"\n" * (line - self._line) + encode_row(request, day) + b"\n"
                    self._line = line + 1

    def _choose(self) -> Iterator[tuple[int, IssueRequest, date | None]]:
        for row in self._rows:
            if (corrected := self._corrected.get(row.line)) is not None:
                yield row.line, *corrected
            elif self._is_first and row.line not in self._left:
                if isinstance(row.result, tuple):
                    raise ChangedMeanwhile(row.line, "; ".join(problem.detail for problem in row.result))
                yield row.line, row.result, row.day

    def _count(self, request: IssueRequest) -> None:
        self.count += 1
        self._learners.add(normalise_identifier(request.student))
        day = request.awarding_date
        awards = self._awards.setdefault(
            (request.achievement, request.version), Awards(request.achievement, request.version, 0, day, day)
        )
        awards.rows += 1
        awards.first_day, awards.last_day = min(awards.first_day, day), max(awards.last_day, day)


def encode_row(request: IssueRequest, day: date | None = None) -> bytes:
    """Return a request as a line of NDJSON without its end. `day` is that before which it is not published."""
    values: dict[str, Any] = {
        name: getattr(request, name) for name in IssueRequest.__struct_fields__ if getattr(request, name) is not None
    }
    if request.version is not None:
        values["version"] = str(request.version)
    if request.parts:
        values["parts"] = parts.write(request.parts)
    if day is not None:
        values["valid_from"] = day.isoformat()
    return json.dumps(values).encode()
