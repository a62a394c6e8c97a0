"""Requests to issue credentials, and their outcomes."""

from typing import Final, Literal

import msgspec

from registry.domain.parts import Breach
from registry.values.persons import (
    are_usual,
    birth_date_fault,
    describe_person,
    name_fault,
    normalise_identifier,
    normalise_name,
    number_fault,
    record_fault,
)
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
"""The claims of a credential about the person, and the field of a request for each."""
_IDENTIFIERS: Final = ("record", "student", "national_id")
_NAMES: Final = ("family_name", "given_name")
_LOST: Final = "\ufffd"


class IssueRequest(msgspec.Struct, frozen=True, gc=False):
    """One credential to issue. The fields about the person go to the vault, and never further."""

    record: str
    """The university's own id of this row. Sent again, it is the same credential and changes nothing."""
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

    def normalise(self) -> "IssueRequest":
        """Return the request with identifiers and names in their one spelling; itself if they have it already."""
        text = f"|{self.record}|{self.student}|{self.family_name}|{self.given_name}|{self.national_id or ''}|"
        if text.isascii() and text.isprintable() and "  " not in text and "| " not in text and " |" not in text:
            return self  # nearly all, and much faster
        changed = {
            name: normal
            for normalise, names in ((normalise_identifier, _IDENTIFIERS), (normalise_name, _NAMES))
            for name in names
            if (value := getattr(self, name)) and (normal := normalise(value)) != value
        }
        return msgspec.structs.replace(self, **changed) if changed else self

    def fault(self) -> tuple[str, str] | None:
        """Return the first field of a normalised request that cannot be right, and why; None where all can.

        Every way in refuses these faults. Further checks of a row are made where rows are read.
        """
        usual = self.national_id is None and are_usual(self.record, self.student, self.family_name, self.given_name)
        if not usual and (wrong := self._person_fault()) is not None:
            return wrong
        if (fault := birth_date_fault(self.date_of_birth)) is not None:
            return "date_of_birth", fault
        if self.awarding_date <= self.date_of_birth:
            return "awarding_date", "is not after the date of birth"
        return None

    def _person_fault(self) -> tuple[str, str] | None:
        """Return the first identifier or name that cannot be right, and why."""
        for name in _IDENTIFIERS:
            value = getattr(self, name)
            if value == "":
                return name, "is empty; every award needs it"
            check = record_fault if name == "record" else number_fault
            if value and (wrong := check(value)) is not None:
                return name, wrong
        for name, value in (("family_name", self.family_name), ("given_name", self.given_name)):
            if (wrong := name_fault(value)) is not None:
                return name, wrong
            if _LOST in value:
                return name, "has a character that was lost (U+FFFD); write it again from the source"
        if not self.family_name and not self.given_name:
            return "family_name", "is empty, and so is given_name; a person has one of the two at least"
        return None

    def person(self) -> dict[str, str]:
        """Return the person as the vault stores them. A name that the person does not have is left out."""
        values = {
            "student": self.student,
            "familyName": self.family_name,
            "givenName": self.given_name,
            "dateOfBirth": self.date_of_birth,
        }
        return values if all(values.values()) else {name: value for name, value in values.items() if value}

    def disclosures(self, salt: str, at: int) -> list[str]:
        """Return the claims about the person as disclosures, with the salts from the place `at` on."""
        disclosures = []
        for name, field in CLAIMS:
            if value := getattr(self, field):  # a person with one name has no claim of the other
                disclosures.append(disclosure(salt[at : at + SALT_LENGTH], name, value))
                at += SALT_LENGTH
        return disclosures


class Replacement(msgspec.Struct, frozen=True, gc=False):
    """A credential that is replaced by one of another achievement, or of another version of it."""

    credential: str
    """The old one."""
    differs: Literal["achievement", "version"]
    was: str
    """The old one's achievement and version, in words."""
    now: str
    """The new one's."""

    def __str__(self) -> str:
        return f"replaces credential {self.credential} of another {self.differs}: it was of {self.was}, now {self.now}"


class Issued(msgspec.Struct, frozen=True, gc=False):
    """A request that has its credential: a new one, or the one that its record had already."""

    record: str
    credential: str
    learner: str
    unchanged: bool = False
    replacement: Replacement | None = None
    """Set if it replaces a credential of another achievement or version."""


class TwoPersons(msgspec.Struct, frozen=True, gc=False):
    """Two persons behind one student number, for the sender of the row only."""

    known_person: dict[str, str] = msgspec.field(name="known")
    """The person of the learner with this number in the vault."""
    stated: dict[str, str]
    """The person of the row."""

    def __repr__(self) -> str:
        return "TwoPersons(…)"  # a person is never shown by accident

    def __str__(self) -> str:
        return f"known is {describe_person(self.known_person)}; the row says {describe_person(self.stated)}"


class NotIssued(msgspec.Struct, frozen=True, gc=False):
    """A request that was refused: by which rule, for which field, and why."""

    record: str
    code: str
    field: str
    detail: str
    breaches: tuple[Breach, ...] = ()
    """All objections to the credential's parts, if they were refused."""
    accepted: bool = True
    """False where consumers would accept no credential of this member now, whatever the row says."""
    persons: TwoPersons | None = None
    """Set if the row's number is known with another person behind it."""

    @property
    def explanation(self) -> str:
        """The reason, with both persons if there are two: for the sender of the row only. `detail` names no person."""
        return self.detail if self.persons is None else f"{self.detail}. {self.persons}"


Outcome = Issued | NotIssued
PERSON_DIFFERS: Final = "person-differs"
"""Code of a row that is held: its student number is known with another person behind it."""
FINAL_REFUSALS: Final = frozenset({"record-differs", "erased"})
"""Codes of refusals that nothing later takes back."""
