"""Who applies: a learner of the vault. Names are written nowhere but there and in the case's sealed texts."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from registry.application import Registry
from registry.domain.case_errors import NotApplicant
from registry.vault import Learner, VaultRows
from registry.wire.forms import Uuid, check_date

Said = Annotated[str, Meta(min_length=1, max_length=500)]


class Applicant(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A person as an application has them. Known by `student` or `learner`, nothing else need be said."""

    family_name: Said | None = None
    given_name: Said | None = None
    date_of_birth: Said | None = None
    """YYYY-MM-DD; or what of it is known."""
    student: Said | None = None
    """This university's own number of the person, where they have one."""
    learner: Uuid | None = None
    """The id that an earlier case of theirs has."""
    email: Said | None = None
    address: Said | None = None
    language: Said | None = None
    """BCP 47: in which language to write to them."""

    def __repr__(self) -> str:
        return "Applicant(…)"  # a person is never shown by accident


NAMES = ("family_name", "given_name", "date_of_birth")


def _born(text: str) -> bool:
    """Whether it is a day, a month or a year that there was."""
    day = text + "0000-01-01"[len(text) :] if len(text) in (4, 7, 10) else text
    return check_date(day) is None and day <= datetime.now(UTC).date().isoformat()


def admitted(registry: Registry, applicant: Applicant, rows: VaultRows) -> Learner:
    """The learner that an applicant is; a new one is added to `rows`. Raises `NotApplicant`."""
    vault, cursor = registry.vault, registry.cursor()
    if applicant.date_of_birth is not None and not _born(applicant.date_of_birth):
        raise NotApplicant(
            "is no date of birth; write YYYY-MM-DD, or YYYY-MM or YYYY where no more is known",
            "$.applicant.dateOfBirth",
        )
    if applicant.learner is not None:
        known = vault.learner(cursor, applicant.learner)
        if known is None:
            raise NotApplicant("no learner with that id is known here", "$.applicant.learner")
        return known[0]
    hashed = None
    if applicant.student is not None:
        hashed = vault.hashed("student", applicant.student)
        found = vault.find(cursor, [hashed])
        if found:
            return found[hashed]
    fields = msgspec.structs.fields(applicant)
    if missing := [one.encode_name for one in fields if one.name in NAMES and not getattr(applicant, one.name)]:
        raise NotApplicant(
            f"{', '.join(missing)}: needed of somebody who is not known here by a student number or from an"
            " earlier case",
            "$.applicant",
        )
    learner = vault.new_learner()
    # Somebody without a number is found by nothing but the id: the hash stands for that alone.
    hashed = hashed if hashed is not None else vault.hashed("applicant", learner.learner)
    person = {
        name: value
        for name, value in msgspec.to_builtins(applicant).items()
        if name in ("familyName", "givenName", "dateOfBirth", "student")
    }
    rows.learner(learner.learner, hashed, vault.wrap(learner), vault.seal(learner, "person", person))
    return learner


def opened(registry: Registry, learner: str, said: dict[str, str]) -> Applicant | None:
    """The applicant of a case: as the vault has them, and what the application says above it.

    None where they were erased.
    """
    known = registry.vault.learner(registry.cursor(), learner)
    if known is None:
        return None
    values = {**known[1], **said, "learner": learner}
    names = {field.encode_name for field in msgspec.structs.fields(Applicant)}
    return msgspec.convert({name: value for name, value in values.items() if name in names}, Applicant)
