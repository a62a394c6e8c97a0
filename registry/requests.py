"""What a university asks for when it issues, and what comes of it."""

import msgspec

from registry.wire.credentials import Part


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


Outcome = Issued | NotIssued
