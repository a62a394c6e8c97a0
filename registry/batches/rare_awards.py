"""Awards that few share: who knows from elsewhere that somebody took a course then can tell which entry is theirs.

The log has the achievement, the version, the awarding day and the number of parts of each credential. The fewer people
share all of these, the less the random id hides. A trial of a batch warns of them before they are on the log.
"""

from collections import Counter
from typing import Final

from registry.application.requests import Issued, IssueRequest, Outcome

FEWEST: Final = 5
"""Awards that share everything are not warned of where they are this many."""
_MAX_GROUPS: Final = 100_000
"""Groups that are counted; a batch with more gets no complete warning, and the note says so."""
_MAX_NAMED: Final = 20
_Group = tuple[str, str, int]


class RareAwards:
    """Counts the awards of a batch by what the log says of each."""

    def __init__(self) -> None:
        self._groups: Counter[_Group] = Counter()
        self._is_complete = True

    def add(self, request: IssueRequest, outcome: Outcome) -> None:
        """Count a row that would be issued, and was not before."""
        if not isinstance(outcome, Issued) or outcome.unchanged:
            return
        group = (request.achievement, request.awarding_date, len(request.parts or ()))
        if group not in self._groups and len(self._groups) >= _MAX_GROUPS:
            self._is_complete = False
            return
        self._groups[group] += 1

    def list_notes(self) -> list[str]:
        """Return a note on each group that is so small that its entries on the log could lead to a person."""
        rare = sorted((group, count) for group, count in self._groups.items() if count < FEWEST)
        if not rare:
            return []
        notes = [
            f"only {count} of these rows award {achievement} on {day}{f' with {parts} parts' if parts else ''}: who"
            " knows who took it can tell their entry on the log. Award more on one day, or accept that"
            for (achievement, day, parts), count in rare[:_MAX_NAMED]
        ]
        if len(rare) > _MAX_NAMED:
            notes.append(f"{len(rare) - _MAX_NAMED:,} more groups of awards are as small")
        if not self._is_complete:
            notes.append("there are too many groups of awards to say of all which are small")
        return notes
