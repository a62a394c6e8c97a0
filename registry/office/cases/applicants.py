"""The applicant, a learner in the vault. Names are only there and in the case's encrypted texts."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from registry.application.registry import Registry
from registry.application.restricted import refuse_restricted
from registry.domain.case_errors import NotApplicant
from registry.learners.numbers import find_learner
from registry.values.persons import contradictions, name_fault, normalise_identifier, normalise_name, number_fault
from registry.vault.vault import Learner
from registry.vault.vault_rows import VaultRows
from registry.wire.forms import Uuid, check_date
from registry.wire.today import utc_today

Said = Annotated[str, Meta(min_length=1, max_length=500)]
Name = Annotated[str, Meta(max_length=500)]
"""Empty for a person who has one name only."""


class Applicant(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A person as an application describes them. `student` or `learner` is enough for a known person."""

    family_name: Name | None = None
    given_name: Name | None = None
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
    reference: Said | None = None
    """The applicant's own reference; letters print it."""

    def __repr__(self) -> str:
        return "Applicant(…)"  # a person is never shown by accident


NAMES = ("family_name", "given_name", "date_of_birth")


def _born(text: str) -> bool:
    """Return whether a text is a day, a month or a year that is not in the future."""
    day = text + "0000-01-01"[len(text) :] if len(text) in (4, 7, 10) else text
    return check_date(day) is None and day <= utc_today().isoformat()


def normalise(applicant: Applicant) -> Applicant:
    """Return the applicant with names and number in their one spelling."""
    values = {name: getattr(applicant, name) for name in ("family_name", "given_name", "student")}
    spelt = {
        name: normalise_identifier(value) if name == "student" else normalise_name(value)
        for name, value in values.items()
        if value is not None
    }
    return msgspec.structs.replace(applicant, **spelt)


def check_applicant(applicant: Applicant) -> None:
    """Raise `NotApplicant` for names, a number or a date of birth that are none."""
    faults = {
        "familyName": name_fault(applicant.family_name or ""),
        "givenName": name_fault(applicant.given_name or ""),
        "student": number_fault(applicant.student or ""),
    }
    if applicant.student == "":
        faults["student"] = "is empty; leave it out where there is none"
    if applicant.family_name == "" and not applicant.given_name:
        faults["familyName"] = "is empty, and so is the other name; write at least one of them"
    for name, fault in faults.items():
        if fault is not None:
            raise NotApplicant(fault, f"$.applicant.{name}")
    if applicant.date_of_birth is not None and not _born(applicant.date_of_birth):
        raise NotApplicant(
            "is not a date of birth; write YYYY-MM-DD, or YYYY-MM or YYYY where no more is known",
            "$.applicant.dateOfBirth",
        )


def find_or_add_learner(registry: Registry, applicant: Applicant, rows: VaultRows) -> Learner:
    """Return the applicant's learner; a new one is added to `rows`. Raises `NotApplicant`.

    `applicant` is in its one spelling (`normalise`).
    """
    vault, cursor = registry.vault, registry.cursor()
    check_applicant(applicant)
    if applicant.learner is not None:
        stored = vault.read_learner(cursor, applicant.learner)
        if stored is None:
            raise NotApplicant("no learner with that id is known here", "$.applicant.learner")
        _refuse_other_person(stored[1], applicant, "$.applicant.learner")
        refuse_restricted(cursor, applicant.learner, "$.applicant.learner")
        return stored[0]
    hashed = None
    if applicant.student is not None:
        hashed = vault.hash_for_lookup("student", applicant.student)
        owner = find_learner(registry, applicant.student)
        if owner is not None:
            _refuse_other_person(owner.person, applicant, "$.applicant.student")
            refuse_restricted(cursor, owner.learner.learner, "$.applicant.student")
            return owner.learner
    fields = msgspec.structs.fields(applicant)
    if missing := [
        field.encode_name for field in fields if field.name in NAMES and getattr(applicant, field.name) is None
    ]:
        raise NotApplicant(
            f"{', '.join(missing)}: needed of somebody who is not known here by a student number or from an"
            " earlier case",
            "$.applicant",
        )
    learner = vault.new_learner()
    # Somebody without a number is found by nothing but the id: the hash stands for that alone.
    hashed = hashed if hashed is not None else vault.hash_for_lookup("applicant", learner.learner)
    person = {
        name: value
        for name, value in msgspec.to_builtins(applicant).items()
        if name in ("familyName", "givenName", "dateOfBirth", "student")
    }
    rows.add_learner(learner.learner, hashed, vault.wrap(learner), vault.seal(learner, "person", person))
    return learner


def _refuse_other_person(person: Mapping[str, Any], applicant: Applicant, where: str) -> None:
    """Raise `NotApplicant` where the learner of a number or an id is another person than the application names."""
    stated = msgspec.to_builtins(applicant)
    if different := contradictions(person, stated):
        raise NotApplicant(
            f"another person is known here under it: {' and '.join(_IN_WORDS[each] for each in different)} differs."
            " Check the number. If it is right and the person changed it, leave the name and the date of birth out; if"
            " it is another person, leave the number out",
            where,
        )


_IN_WORDS: Final = {"name": "the name", "dateOfBirth": "the date of birth"}


def read_applicant(registry: Registry, learner: str, stated: dict[str, str]) -> Applicant | None:
    """Return the applicant of a case: the vault's values, overridden by the application's; None after an erasure."""
    holder = registry.vault.read_learner(registry.cursor(), learner)
    if holder is None:
        return None
    values = {**holder[1], **stated, "learner": learner}
    names = {field.encode_name for field in msgspec.structs.fields(Applicant)}
    return msgspec.convert({name: value for name, value in values.items() if name in names}, Applicant)
