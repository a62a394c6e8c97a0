"""Earlier rows of a file with the same record, and the columns in which they differ."""

from typing import Any, Final

import msgspec

from registry.application.requests import Issued, IssueRequest, Outcome
from registry.vault.scratch import Scratch

_REMEMBERED: Final = 1_000_000
"""Rows that are remembered, the first of a file: what a file can make a node store has a limit."""
_SHOWN: Final = 3
_DIFFERS: Final = "record-differs"


class EarlierRows:
    """Remembers the first rows of a file, by their records. They are outside of memory, encrypted."""

    def __init__(self) -> None:
        self._rows = Scratch()
        self._count = 0
        self._repeated = Scratch()
        """The places of rows that repeat an earlier one."""
        self._repeated_count = 0
        self._examples: list[str] = []

    def add(self, where: str, request: IssueRequest) -> None:
        """Remember a row, unless one before has the same record. `where` is its place."""
        if self._count < _REMEMBERED:
            self._rows.add(request.record.encode(), msgspec.msgpack.encode((where, request)))
            self._count += 1

    def explain(self, where: str, request: IssueRequest, outcome: Outcome) -> Outcome:
        """Return the outcome of a row, with the earlier row if the two differ; note a row that repeats another."""
        if isinstance(outcome, Issued):
            if outcome.unchanged and (earlier := self._find(where, request)) is not None:
                self._note_repeated(where, earlier[0])
            return outcome
        if outcome.code != _DIFFERS:
            return outcome
        if (earlier := self._find(where, request)) is not None:
            place, before = earlier
            now = msgspec.msgpack.decode(msgspec.msgpack.encode(request))
            columns = [name for name in IssueRequest.__struct_fields__ if before[name] != now[name]]
            detail = f"{outcome.detail}: {place}, which differs in {', '.join(columns) or 'its achievement'}"
        else:
            detail = (
                f"{outcome.detail}. Which columns differ cannot be said: of what was issued only a digest is kept"
                " for comparing"
            )
        return msgspec.structs.replace(outcome, detail=detail)

    def _find(self, where: str, request: IssueRequest) -> tuple[str, dict[str, Any]] | None:
        """Return the place and the fields of the first row with this record; None if it is this one, or unknown."""
        value = self._rows.find(request.record.encode())
        if value is None:
            return None
        place, fields = msgspec.msgpack.decode(value)
        return None if place == where else (place, fields)

    def _note_repeated(self, where: str, earlier: str) -> None:
        """Count a row that repeats an earlier one, once: a batch may be built again."""
        place = where.encode()
        if self._repeated.find(place) is not None:
            return
        self._repeated.add(place, b"")
        self._repeated_count += 1
        if len(self._examples) < _SHOWN:
            self._examples.append(f"{where} as {earlier}")

    def list_notes(self) -> list[str]:
        """Return a note on rows that the file has twice and that say the same."""
        if not self._repeated_count:
            return []
        examples = ", ".join(self._examples)
        if self._repeated_count == 1:
            return [f"1 row says the same as an earlier one, and counts once ({examples})"]
        more = f" and {self._repeated_count - _SHOWN:,} more" if self._repeated_count > _SHOWN else ""
        return [f"{self._repeated_count:,} rows say the same as an earlier one, and count once ({examples}{more})"]
