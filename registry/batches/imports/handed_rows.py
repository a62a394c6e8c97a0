"""Rows of a batch that was made from an import."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from registry.batches.batch_file import BatchFile


class HandedRow(NamedTuple):
    """A row that was handed over."""

    line: int
    record: str
    student: str
    family_name: str
    given_name: str
    achievement: str
    awarding_date: str
    grade: str
    replaces: str
    """The credential that it takes the place of; empty for none."""
    date_of_birth: str
    valid_until: str
    original_grade: str
    note: str

    @property
    def day(self) -> date | None:
        """The awarding day; None for a text that is none."""
        with suppress(ValueError):
            return date.fromisoformat(self.awarding_date)
        return None

    def __repr__(self) -> str:
        return f"HandedRow({self.line})"  # a person is never shown by accident


def read_refused_rows(content: BatchFile, faulty: Mapping[int, str]) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the cells of these rows, by line, each with what is wrong with it. Raises `DamagedBatchFile`."""
    with content.open("rb") as file:
        for line, text in enumerate(file, 1):
            if (why := faulty.get(line)) is not None and text.strip():
                yield json.loads(text), why


def read_handed_rows(content: BatchFile, numbers: Collection[int]) -> Iterator[HandedRow]:
    """Yield the rows with these numbers, counted from 0 without blank lines. Raises `DamagedBatchFile`."""
    if not numbers:
        return
    last, number = max(numbers), 0
    with content.open("rb") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            if number in numbers:
                row = _read(text)
                yield HandedRow(line, *(_text(row.get(name)) for name in HandedRow._fields[1:]))
            if number >= last:
                return
            number += 1


def _read(text: bytes) -> dict[str, Any]:
    """Return the object of a line; an empty one where it has none."""
    with suppress(ValueError, RecursionError):
        row = json.loads(text)
        return row if isinstance(row, dict) else {}
    return {}


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
