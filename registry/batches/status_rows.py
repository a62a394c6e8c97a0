"""Rows of status changes: which credential, what becomes of it, and why. CSV with a header, or NDJSON."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from registry.application import Registry
from registry.batches.book import Media, RowProblem
from registry.intake import IntakeError
from registry.intake.report import Readable
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

COLUMNS: Final = ("credential", "change", "reason")
_CHANGES: Final = ("suspend", "reinstate", "revoke")
_LIMIT: Final = 4096


class StatusChange(NamedTuple):
    """One change to one credential."""

    line: int
    credential: str
    change: str
    reason: str

    def apply(self, registry: Registry) -> None:
        """Make it. Raises `Refusal`."""
        if self.change == "suspend":
            registry.suspend(self.credential, self.reason)  # type: ignore[arg-type] # checked below
        elif self.change == "revoke":
            registry.revoke(self.credential, self.reason)  # type: ignore[arg-type] # checked below
        else:
            registry.reinstate(self.credential)


class StatusRows:
    """The rows of a file."""

    def __init__(self, content: Readable, media: Media) -> None:
        self._content = content
        self._read: Callable[[], Iterator[tuple[int, Mapping[str, Any] | str]]] = (
            self._csv if media == "text/csv" else self._ndjson
        )
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[StatusChange | RowProblem]:
        """Every row, as a change or as what is wrong with it. Raises `IntakeError` where there is no such header."""
        for line, row in self._read():
            yield _checked(line, row)

    def _csv(self) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
        with (
            self._content.open("rb") as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file,
        ):
            head = file.readline(_LIMIT)
            delimiter = max(",;\t", key=head.count)
            names = [name.strip().strip('"').lower() for name in head.strip().split(delimiter)]
            if missing := [name for name in COLUMNS if name not in names]:
                raise IntakeError(
                    f"{self._content}: the header lacks {', '.join(missing)}; it needs {','.join(COLUMNS)}"
                )
            reader = csv.reader(file, delimiter=delimiter)
            while True:
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield reader.line_num + 1, f"cannot be read as a row: {error}"
                    continue
                if any(values):
                    row: Mapping[str, Any] | str = dict(zip(names, values, strict=False))
                    yield reader.line_num + 1, row if len(values) == len(names) else f"has {len(values)} fields"

    def _ndjson(self) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
        with self._content.open("rb") as file:
            number = 0
            while line := file.readline(_LIMIT):
                number += 1
                if not line.endswith(b"\n") and len(line) == _LIMIT:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(_LIMIT)
                    yield number, f"is longer than {_LIMIT:,} bytes"
                elif line.strip():
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        yield number, f"is not JSON: {error}"
                        continue
                    yield number, row if isinstance(row, dict) else "is not a JSON object"


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
