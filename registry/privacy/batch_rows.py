"""The rows about one learner in the batches, imports and documents whose content is still stored."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from registry.batches.batch import DOCUMENTS, TABLES, Batch, UnknownBatch
from registry.batches.batch_file import BatchFile, DamagedBatchFile
from registry.batches.imports.import_store import ImportStore
from registry.batches.learner_references import number_pattern
from registry.batches.redaction import SoughtLearner
from registry.batches.row_problem import RowProblem
from registry.batches.store import BatchStore
from registry.intake.formats.documents import MAX_BYTES, read_document
from registry.intake.rows.columns import NAMES
from registry.intake.rows.lines import byte_lines
from registry.intake.rows.ndjson_rows import MAX_LINE_BYTES
from registry.intake.rows.report import IntakeError
from registry.intake.rows.tables import Table
from registry.values.persons import normalise_identifier

MAX_ROWS: Final = 10_000
"""Rows of one batch that are listed."""


class LearnerRow(msgspec.Struct, frozen=True, rename="camel"):
    """A row about the learner."""

    line: int
    values: dict[str, Any]


class BatchRows(msgspec.Struct, frozen=True, rename="camel"):
    """The rows about a learner in one batch."""

    batch: str
    kind: str
    name: str | None
    received: str
    rows: list[LearnerRow]
    problems: list[RowProblem]
    """The faults of these rows."""
    corrections: dict[int, dict[str, Any]]
    """Values that somebody typed for these rows, by line."""
    unreadable: str | None = None
    """Why its content cannot be read, so that it may have rows about the learner that are not listed."""
    is_cut: bool = False
    """True if the batch has more rows or faults about the learner than are listed."""

    def __repr__(self) -> str:
        return f"BatchRows({self.batch}, …)"  # a person is never shown by accident


def find_batch_rows(store: BatchStore, imports: ImportStore, sought: SoughtLearner) -> Iterator[BatchRows]:
    """Yield the batches that have rows about a learner, and those that cannot be read."""
    for batch in store.list_with_content():
        unreadable, rows = None, list[LearnerRow]()
        try:
            rows = list(islice(_find_rows(store.get_content(batch.batch), batch, sought), MAX_ROWS + 1))
        except (IntakeError, DamagedBatchFile, UnicodeError) as error:
            unreadable = type(error).__name__
        except UnknownBatch:  # it ended meanwhile, and its content was deleted
            continue
        corrections = _find_corrections(store, imports, batch, sought)
        lines = {row.line for row in rows} | corrections.keys()
        if not lines and unreadable is None:
            continue
        listed = store.list_problems(batch.batch, MAX_ROWS + 1)
        problems = [problem for _, problem in listed[:MAX_ROWS] if problem.line in lines]
        yield BatchRows(
            batch.batch,
            batch.kind,
            batch.name,
            batch.created.isoformat(),
            rows[:MAX_ROWS],
            problems,
            corrections,
            unreadable,
            is_cut=len(rows) > MAX_ROWS or len(listed) > MAX_ROWS,
        )


def _find_corrections(
    store: BatchStore, imports: ImportStore, batch: Batch, sought: SoughtLearner
) -> dict[int, dict[str, Any]]:
    lines = store.find_corrected_lines(batch.batch, number_pattern(sought.number))
    if not lines:
        return {}
    corrections = imports.list_corrections(batch.batch)
    return {line: {"cells": corrections[line].cells, "state": corrections[line].state} for line in lines}


def _find_rows(content: BatchFile, batch: Batch, sought: SoughtLearner) -> Iterator[LearnerRow]:
    if batch.media in TABLES:
        yield from _find_table_rows(content, sought._replace(dates=batch.dates))
    elif batch.media in DOCUMENTS:
        yield from _find_awards(content, batch, sought)
    else:
        yield from _find_ndjson_rows(content, sought._replace(dates=batch.dates))


def _find_table_rows(content: BatchFile, sought: SoughtLearner) -> Iterator[LearnerRow]:
    table = Table(content, NAMES, ["student"])
    for row in table:
        values = _name_values(table.names, row.values)
        if sought.has_row({"student": "", **values}):
            yield LearnerRow(row.line, values)


def _name_values(names: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    return {name or f"column {place}": value for place, (name, value) in enumerate(zip(names, values, strict=False), 1)}


def _find_ndjson_rows(content: BatchFile, sought: SoughtLearner) -> Iterator[LearnerRow]:
    with content.open("rb") as file:
        for number, line in enumerate(byte_lines(file, MAX_LINE_BYTES), 1):
            try:
                values = {} if line is None else json.loads(line)
            except (ValueError, RecursionError):  # it was refused as no JSON: nobody knows whose it is
                continue
            if isinstance(values, dict) and isinstance(values.get("student"), str | int):
                texts = {name: str(value) for name, value in values.items()}
                if sought.has_row(texts):
                    yield LearnerRow(number, values)


def _find_awards(content: BatchFile, batch: Batch, sought: SoughtLearner) -> Iterator[LearnerRow]:
    with content.open("rb") as file:
        document = file.read(MAX_BYTES + 1)
    for number, award in enumerate(read_document(document, batch.name or "document").awards, 1):
        if normalise_identifier(str(award.credential.get("student", ""))) == sought.number:
            yield LearnerRow(number, dict(award.credential))
