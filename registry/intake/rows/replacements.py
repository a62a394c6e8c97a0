"""Rows that replace a credential by one of another achievement. They are named: nobody may have meant it."""

from itertools import islice
from typing import Final

from registry.application.requests import Issued, Outcome, Replacement

_REMEMBERED: Final = 20_000
"""Rows that are remembered, the first of a file: memory does not grow with its length."""
_SHOWN: Final = 25


class Replacements:
    """Remembers such rows, by their places."""

    def __init__(self) -> None:
        self._found: dict[str, Replacement] = {}
        self._more = 0

    def add(self, where: str, outcome: Outcome) -> None:
        """Remember a row's outcome, where it is of this kind."""
        if isinstance(outcome, Issued) and outcome.replacement is not None:
            if len(self._found) < _REMEMBERED:
                self._found[where] = outcome.replacement
            else:
                self._more += 1

    def notes(self) -> list[str]:
        """Return a note for each of the first rows, and how many more there are."""
        notes = [f"{where} {replacement}" for where, replacement in islice(self._found.items(), _SHOWN)]
        if (more := len(self._found) + self._more - len(notes)) > 0:
            notes.append(f"{more:,} more rows replace a credential of another achievement or version")
        return notes
