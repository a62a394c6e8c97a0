"""Rows that replace a credential by one of another achievement, which may be a mistake: notes name them."""

from itertools import islice
from typing import Final

from registry.application.requests import Issued, Outcome, Replacement

_REMEMBERED: Final = 20_000
"""Rows that are remembered, the first of a file: memory does not grow with its length."""
_SHOWN: Final = 25


class Replacements:
    """Remembers such rows, by their places."""

    def __init__(self) -> None:
        self._replacements: dict[str, Replacement] = {}
        self._more = 0

    def add(self, where: str, outcome: Outcome) -> None:
        """Remember a row's outcome if it replaces such a credential."""
        if isinstance(outcome, Issued) and outcome.replacement is not None:
            if len(self._replacements) < _REMEMBERED:
                self._replacements[where] = outcome.replacement
            else:
                self._more += 1

    def list_notes(self) -> list[str]:
        """Return a note on each of the first rows, and the number of further ones."""
        notes = [f"{where} {replacement}" for where, replacement in islice(self._replacements.items(), _SHOWN)]
        if (more := len(self._replacements) + self._more - len(notes)) > 0:
            notes.append(f"{more:,} more rows replace a credential of another achievement or version")
        return notes
