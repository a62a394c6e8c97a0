"""An import as its page shows it: its batch, its corrections in numbers, and its hand-overs."""

from typing import Final, Literal, NamedTuple

from registry.batches.batch import Batch
from registry.batches.imports.content import Awards

CorrectionState = Literal["ready", "unchanged", "leftOut"]
_NOT_IN_FORCE: Final = ("cancelled", "incomplete", "failed")


class Correction(NamedTuple):
    """The decision of a clerk about one faulty row."""

    line: int
    version: int
    state: CorrectionState
    by: str
    cells: dict[str, str]
    keep_text: bool
    """True if text that looks wrong is right."""
    batch: str | None
    """The batch with which it was handed over."""


class HandOver(NamedTuple):
    """A batch that was made from an import."""

    batch: Batch
    imported_as: str
    """The import."""
    is_first: bool
    """True if it has the rows that needed no correction."""
    rows: int
    learners: int
    awards: list[Awards]
    returned_by: str | None
    note: str | None
    """Why it was sent back."""

    @property
    def is_in_force(self) -> bool:
        """True if its rows wait, or were taken in."""
        return self.batch.state not in _NOT_IN_FORCE


class CorrectionCount(NamedTuple):
    """The number of corrections in a state that were handed over with one batch (None: with none)."""

    state: CorrectionState
    batch: str | None
    rows: int


class ImportView(NamedTuple):
    """An import, and how far it is."""

    batch: Batch
    version: int
    previous: str | None
    is_closed: bool
    corrections: list[CorrectionCount]
    hand_overs: list[HandOver]
    """The newest first."""

    @property
    def is_checked(self) -> bool:
        """True if all of its rows were checked."""
        return self.batch.state == "done"

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return self.batch.issued + self.batch.held + self.batch.unchanged + self.batch.refused

    @property
    def ready(self) -> int:
        """Rows that can be handed over now."""
        corrected = self._count("ready", self._in_force)
        return corrected if self.has_first else corrected + self.batch.issued + self.batch.held

    @property
    def to_correct(self) -> int:
        """Rows that are wrong and that nobody has decided about."""
        return max(0, self.batch.refused - sum(each.rows for each in self.corrections))

    @property
    def left_out(self) -> int:
        """Rows that a clerk left out."""
        return sum(each.rows for each in self.corrections if each.state == "leftOut")

    @property
    def unchanged(self) -> int:
        """Rows that were issued before and say the same."""
        return self.batch.unchanged + self._count("unchanged", frozenset())

    @property
    def handed_over(self) -> int:
        """Rows that wait for release, or were released."""
        return sum(each.rows for each in self.hand_overs if each.is_in_force)

    @property
    def issued(self) -> int:
        """Rows that took effect after their release, or had before."""
        return sum(each.batch.issued + each.batch.unchanged for each in self.hand_overs if each.is_in_force)

    @property
    def refused(self) -> int:
        """Rows that were right when they were checked, and were refused after their release."""
        return sum(each.batch.refused for each in self.hand_overs if each.is_in_force)

    @property
    def sent_back(self) -> HandOver | None:
        """The last hand-over, if it was sent back and nobody has closed the import or handed it over again."""
        last = self.hand_overs[0] if self.hand_overs else None
        return None if last is None or last.returned_by is None or self.is_closed else last

    @property
    def has_first(self) -> bool:
        """True if the rows that needed no correction were handed over."""
        return any(each.is_first and each.is_in_force for each in self.hand_overs)

    @property
    def _in_force(self) -> frozenset[str]:
        return frozenset(each.batch.batch for each in self.hand_overs if each.is_in_force)

    def _count(self, state: CorrectionState, without: frozenset[str]) -> int:
        return sum(each.rows for each in self.corrections if each.state == state and each.batch not in without)
