"""Rows of a batch that was made from an import."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

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
                row = json.loads(text)
                yield HandedRow(line, *(row.get(name, "") for name in HandedRow._fields[1:]))
            if number >= last:
                return
            number += 1
