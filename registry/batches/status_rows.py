"""Rows of status changes: which credential, what becomes of it, and why. CSV with a header, or NDJSON."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from registry.batches.batch import Media
from registry.batches.row_problem import RowProblem
from registry.domain.credential import Credential
from registry.intake.plain_rows import read_rows
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
        self._rows = read_rows(content, "csv" if media == "text/csv" else "ndjson", COLUMNS)
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[StatusChange | RowProblem]:
        """Every row, as a change or as what is wrong with it. Raises `IntakeError` where there is no such header."""
        for line, row in self._rows:
            yield _checked(line, row)


def _checked(line: int, row: Mapping[str, Any] | str) -> StatusChange | RowProblem:
    def wrong(field: str, detail: str, value: object = "") -> RowProblem:
        return RowProblem(line, f"line {line}", field, str(value)[:80], "", detail)

    if isinstance(row, str):
        return wrong("", row)
    credential, change, reason = (row.get(name) or "" for name in COLUMNS)
    if not isinstance(credential, str) or check_uuid(credential) is not None:
        return wrong("credential", "is not an id of a credential (a UUID in lower case)", credential)
    if change not in _CHANGES:
        return wrong("change", f"is one of {', '.join(_CHANGES)}", change)
    if change == "reinstate":
        return (
            wrong("reason", "is empty where a credential is reinstated", reason)
            if reason
            else StatusChange(line, credential, change, "")
        )
    if reason not in get_args(StatusReason):
        return wrong("reason", f"is one of {', '.join(get_args(StatusReason))}", reason)
    return StatusChange(line, credential, change, reason)
