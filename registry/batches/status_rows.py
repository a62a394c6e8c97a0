"""Rows of status changes, from a table or NDJSON: which credential changes, how, and why.

A row names a credential by its id or by its record.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from registry.application.status_changes import Change, StatusChange
from registry.batches.batch import TABLES, Media
from registry.batches.row_problem import RowProblem
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import Readable
from registry.intake.rows.status_note import status_note_fault
from registry.values.uuids import canonical_uuid
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

COLUMNS: Final = ("credential", "record", "change", "reason", "note")
NEEDED: Final = ("credential|record", "change", "reason")
_CHANGES: Final = get_args(Change)
_MAX_RECORD: Final = 2000


class StatusRow(NamedTuple):
    """A row that asks for one change."""

    line: int
    change: StatusChange


class StatusRows:
    """The rows of a file."""

    def __init__(self, content: Readable, media: Media) -> None:
        """Read the header. Raises `IntakeError` where it lacks a column."""
        self._rows = PlainRows(content, "table" if media in TABLES else "ndjson", COLUMNS, NEEDED)
        self.notes = self._rows.notes
        """Notes on the file; reading the rows adds to them."""

    def __iter__(self) -> Iterator[StatusRow | list[RowProblem]]:
        """Yield every row, as a change or as all that is wrong with it. Raises `IntakeError` if there is no row."""
        for line, row in self._rows:
            yield _check_row(line, row)


def _check_row(line: int, row: Mapping[str, Any] | str) -> StatusRow | list[RowProblem]:
    if isinstance(row, str):
        return [RowProblem(line, f"line {line}", "", "", "", row)]
    values = {name: row.get(name) or "" for name in COLUMNS}
    faults = [(name, "", "is not a text") for name, value in values.items() if not isinstance(value, str)]
    texts = {name: value.strip() if isinstance(value, str) else "" for name, value in values.items()}
    texts["credential"] = canonical_uuid(texts["credential"])
    faults += [fault for fault in _find_faults(texts) if fault[0] not in {name for name, _, _ in faults}]
    if not faults:
        return StatusRow(line, StatusChange(*(texts[name] for name in COLUMNS)))
    return [RowProblem(line, f"line {line}", field, value[:80], "", detail) for field, value, detail in faults]


def _find_faults(row: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the problems of a row: the field, its value, and the correction."""
    credential, record, change, reason, note = (row[name] for name in COLUMNS)
    if credential and check_uuid(credential) is not None:
        yield "credential", credential, "is not an id of a credential (a UUID)"
    if not credential and not record:
        yield "credential", "", "is empty; name the credential, or the record that it was issued for"
    if change not in _CHANGES:
        yield "change", change, f"is one of {', '.join(_CHANGES)}"
    if change == "reinstate":
        if reason:
            yield "reason", reason, "is empty where a credential is reinstated"
    elif reason not in get_args(StatusReason) and (reason or change in _CHANGES):
        yield "reason", reason, f"is one of {', '.join(get_args(StatusReason))}"
    if len(record) > _MAX_RECORD or not record.isprintable():
        yield "record", "", "is too long, or has characters that cannot be printed"
    if fault := status_note_fault(note):
        yield "note", "", fault
