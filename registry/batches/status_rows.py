"""Rows of status changes: which credential, what becomes of it, and why. A table, or NDJSON.

A credential is named by its id or by the university's own id of the row that it was issued for.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from registry.batches.batch import TABLES, Media
from registry.batches.row_problem import RowProblem
from registry.domain.credential import Credential
from registry.intake.plain_rows import PlainRows
from registry.intake.report import Readable
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

COLUMNS: Final = ("credential", "record", "change", "reason", "note")
NEEDED: Final = ("credential|record", "change", "reason")
MAX_NOTE: Final = 2000
"""The characters of a note at most."""
_CHANGES: Final = ("suspend", "reinstate", "revoke")


class StatusChange(NamedTuple):
    """One change to one credential."""

    line: int
    credential: str
    """Its id; empty where `record` names it."""
    record: str
    """The university's own id of the row that it was issued for; may stand beside the credential's id."""
    change: str
    reason: str
    """Empty where it is reinstated."""
    note: str = ""
    """The university's own words beside the reason. They are kept privately, never on the log."""

    @property
    def name(self) -> str:
        """The id that the row names the credential by: its own, or the record's."""
        return self.credential or self.record

    def apply(self, credential: Credential) -> None:
        """Make it. Raises `Refusal`."""
        if self.change == "suspend":
            credential.suspend(self.reason)  # type: ignore[arg-type] # checked below
        elif self.change == "revoke":
            credential.revoke(self.reason)  # type: ignore[arg-type] # checked below
        else:
            credential.reinstate()


class StatusRows:
    """The rows of a file."""

    def __init__(self, content: Readable, media: Media) -> None:
        """Read the header. Raises `IntakeError` where it lacks a column."""
        self._rows = PlainRows(content, "table" if media in TABLES else "ndjson", COLUMNS, NEEDED)
        self.notes = self._rows.notes
        """What is to be said of the file; it grows while the rows are read."""

    def __iter__(self) -> Iterator[StatusChange | list[RowProblem]]:
        """Yield every row, as a change or as all that is wrong with it. Raises `IntakeError` where there is none."""
        for line, row in self._rows:
            yield _checked(line, row)


def _checked(line: int, row: Mapping[str, Any] | str) -> StatusChange | list[RowProblem]:
    if isinstance(row, str):
        return [RowProblem(line, f"line {line}", "", "", "", row)]
    values = {name: row.get(name) or "" for name in COLUMNS}
    faults = [(name, "", "is not a text") for name, value in values.items() if not isinstance(value, str)]
    texts = {name: value.strip() if isinstance(value, str) else "" for name, value in values.items()}
    faults += [fault for fault in _faults(texts) if fault[0] not in {name for name, _, _ in faults}]
    if not faults:
        return StatusChange(line, *(texts[name] for name in COLUMNS))
    return [RowProblem(line, f"line {line}", field, value[:80], "", detail) for field, value, detail in faults]


def _faults(row: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a row: its field, its value, and what would be right."""
    credential, record, change, reason, note = (row[name] for name in COLUMNS)
    if credential and check_uuid(credential) is not None:
        yield "credential", credential, "is not an id of a credential (a UUID in lower case)"
    if not credential and not record:
        yield "credential", "", "is empty; name the credential, or the record that it was issued for"
    if change not in _CHANGES:
        yield "change", change, f"is one of {', '.join(_CHANGES)}"
    if change == "reinstate":
        if reason:
            yield "reason", reason, "is empty where a credential is reinstated"
    elif reason not in get_args(StatusReason) and (reason or change in _CHANGES):
        yield "reason", reason, f"is one of {', '.join(get_args(StatusReason))}"
    if len(record) > MAX_NOTE or not record.isprintable():
        yield "record", "", "is too long, or holds what cannot be printed"
    if fault := note_fault(note):
        yield "note", "", fault


def note_fault(note: str) -> str | None:
    """Return what is wrong with a note of one's own, or None."""
    if len(note) > MAX_NOTE:
        return f"has {len(note):,} characters, {MAX_NOTE:,} at most"
    if "\N{REPLACEMENT CHARACTER}" in note or not note.replace("\n", " ").replace("\t", " ").isprintable():
        return "holds characters that cannot be printed"
    return None
