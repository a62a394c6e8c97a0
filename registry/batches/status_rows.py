"""Rows of status changes: which credential, what becomes of it, and why. A table, or NDJSON."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from registry.batches.batch import TABLES, Media
from registry.batches.row_problem import RowProblem
from registry.domain.credential import Credential
from registry.intake.plain_rows import PlainRows
from registry.intake.report import Readable
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

COLUMNS: Final = ("credential", "change", "reason")
_CHANGES: Final = ("suspend", "reinstate", "revoke")


class StatusChange(NamedTuple):
    """One change to one credential."""

    line: int
    credential: str
    change: str
    reason: str

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
        self._rows = PlainRows(content, "table" if media in TABLES else "ndjson", COLUMNS, COLUMNS)
        self.notes = self._rows.notes

    def __iter__(self) -> Iterator[StatusChange | list[RowProblem]]:
        """Yield every row, as a change or as all that is wrong with it. Raises `IntakeError` where there is none."""
        for line, row in self._rows:
            yield _checked(line, row)


def _checked(line: int, row: Mapping[str, Any] | str) -> StatusChange | list[RowProblem]:
    wrong: list[RowProblem] = []

    def add(field: str, detail: str, value: object = "") -> None:
        wrong.append(RowProblem(line, f"line {line}", field, str(value)[:80], "", detail))

    if isinstance(row, str):
        add("", row)
        return wrong
    credential, change, reason = (row.get(name) or "" for name in COLUMNS)
    if not isinstance(credential, str) or check_uuid(credential) is not None:
        add("credential", "is not an id of a credential (a UUID in lower case)", credential)
    if change not in _CHANGES:
        add("change", f"is one of {', '.join(_CHANGES)}", change)
    if change == "reinstate" and reason:
        add("reason", "is empty where a credential is reinstated", reason)
    elif change != "reinstate" and reason not in get_args(StatusReason):
        add("reason", f"is one of {', '.join(get_args(StatusReason))}", reason)
    return wrong or StatusChange(line, str(credential), str(change), str(reason))
