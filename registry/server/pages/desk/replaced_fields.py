"""The fields of a form that replaces a credential: what the old one says, and what the new one would say."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.batches.imports.handed_rows import HandedRow
from registry.learners.own_award import OwnAward

FIELDS: Final = (
    "record", "family_name", "given_name", "date_of_birth", "student", "awarding_date", "valid_until", "grade",
    "original_grade", "note",
)  # fmt: skip
"""The fields of the form, which are those of a row."""
_CLAIMS: Final = {
    "family_name": "familyName",
    "given_name": "givenName",
    "date_of_birth": "dateOfBirth",
    "student": "studentNumber",
    "grade": "grade",
    "original_grade": "originalGrade",
    "note": "note",
}


class ComparedField(NamedTuple):
    """A field of the old credential and of the new one; empty where it says nothing."""

    name: str
    old: str
    """Empty also of the record: this node has only a hash of it."""
    new: str

    @property
    def is_changed(self) -> bool:
        """True if the new credential says something else."""
        return self.old != self.new

    def __repr__(self) -> str:
        return f"ComparedField({self.name!r})"  # a person is never shown by accident


def compare_fields(award: OwnAward, row: HandedRow) -> Sequence[ComparedField]:
    """Return all fields of the form."""
    old = {name: award.claims.get(claim) for name, claim in _CLAIMS.items()}
    old |= {"awarding_date": award.issued.awarding_date, "valid_until": award.issued.valid_until}
    return [ComparedField(name, str(old.get(name) or ""), getattr(row, name)) for name in FIELDS]
