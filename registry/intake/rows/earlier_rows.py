"""Earlier rows of a file with the same record, and the columns in which they differ."""

from itertools import islice
from typing import Final

import msgspec

from registry.application.requests import Issued, IssueRequest, Outcome

_REMEMBERED: Final = 20_000
"""Rows that are remembered, the first of a file: memory does not grow with its length."""
_SHOWN: Final = 3
_DIFFERS: Final = "record-differs"


class EarlierRows:
    """Remembers the first rows of a file, by their records."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[str, IssueRequest]] = {}
        self._repeated: dict[str, str] = {}
        """Rows that repeat an earlier one, each with the earlier one."""

    def add(self, where: str, request: IssueRequest) -> None:
        """Remember a row, unless one before has the same record. `where` is its place."""
        if len(self._rows) < _REMEMBERED:
            self._rows.setdefault(request.record, (where, request))

    def explain(self, where: str, request: IssueRequest, outcome: Outcome) -> Outcome:
        """Return the outcome of a row, with the earlier row if the two differ; note a row that repeats another."""
        earlier, before = self._rows.get(request.record, (where, request))
        in_file = earlier != where
        if isinstance(outcome, Issued):
            if in_file and outcome.unchanged and len(self._repeated) < _REMEMBERED:
                self._repeated[where] = earlier
            return outcome
        if outcome.code != _DIFFERS:
            return outcome
        if in_file:
            names = IssueRequest.__struct_fields__
            columns = [name for name in names if getattr(before, name) != getattr(request, name)]
            detail = f"{outcome.detail}: {earlier}, which differs in {', '.join(columns) or 'its achievement'}"
        else:
            detail = (
                f"{outcome.detail}. Which columns differ cannot be said: of what was issued only a digest is kept"
                " for comparing"
            )
        return msgspec.structs.replace(outcome, detail=detail)

    def list_notes(self) -> list[str]:
        """Return a note on rows that the file has twice and that say the same."""
        if not self._repeated:
            return []
        examples = ", ".join(f"{where} as {earlier}" for where, earlier in islice(self._repeated.items(), _SHOWN))
        more = f" and {len(self._repeated) - _SHOWN:,} more" if len(self._repeated) > _SHOWN else ""
        if len(self._repeated) == 1:
            return [f"1 row says the same as an earlier one, and counts once ({examples})"]
        return [f"{len(self._repeated):,} rows say the same as an earlier one, and count once ({examples}{more})"]
