"""What a university asks for when it issues, and what comes of it."""

from typing import Final

import msgspec

from registry.domain.parts import Breach
from registry.wire.credentials import Part
from registry.wire.disclosures import SALT_LENGTH, disclosure

CLAIMS: Final = (
    ("familyName", "family_name"),
    ("givenName", "given_name"),
    ("dateOfBirth", "date_of_birth"),
    ("nationalId", "national_id"),
    ("studentNumber", "student"),
    ("grade", "grade"),
    ("originalGrade", "original_grade"),
    ("note", "note"),
)
"""What a credential says of the person, and the field of a request that says it."""


class IssueRequest(msgspec.Struct, frozen=True, gc=False):
    """One credential to issue. What is about the person goes to the vault, and never further."""

    record: str
    """The university's own id of this row: given again, it is the same credential and changes nothing."""
    achievement: str
    version: int | None
    """None: the newest."""
    student: str
    family_name: str
    given_name: str
    date_of_birth: str
    awarding_date: str
    valid_until: str | None = None
    grade: str | None = None
    original_grade: str | None = None
    national_id: str | None = None
    note: str | None = None
    replaces: str | None = None
    parts: list[Part] | None = None

    def person(self) -> dict[str, str]:
        """Whom it is about, as the vault keeps it."""
        return {
            "student": self.student,
            "familyName": self.family_name,
            "givenName": self.given_name,
            "dateOfBirth": self.date_of_birth,
        }

    def disclosures(self, salt: str, at: int) -> list[str]:
        """What it says of the person, each a disclosure, with salts taken from a place on."""
        said = []
        for name, field in CLAIMS:
            if (value := getattr(self, field)) is not None:
                said.append(disclosure(salt[at : at + SALT_LENGTH], name, value))
                at += SALT_LENGTH
        return said


class Issued(msgspec.Struct, frozen=True, gc=False):
    """A request that has its credential: a new one, or the one that its record had already."""

    record: str
    credential: str
    learner: str
    unchanged: bool = False


class NotIssued(msgspec.Struct, frozen=True, gc=False):
    """A request that was refused: by which rule, for which field, and why."""

    record: str
    code: str
    field: str
    detail: str
    breaches: tuple[Breach, ...] = ()
    """Where its parts were refused: all that speaks against them."""
    accepted: bool = True
    """False where consumers would accept no credential of this member now, whatever the row says."""


Outcome = Issued | NotIssued
LASTING: Final = frozenset({"record-differs", "erased"})
"""Codes of refusals that no later event takes back."""
