"""Student numbers: which learner one leads to, and whether a person who states it is that learner's."""

from collections.abc import Mapping
from typing import NamedTuple

from registry.application import Registry
from registry.persons import contradictions, normalise_identifier
from registry.vault import KnownLearner


class Holder(NamedTuple):
    """The learner whom a student number leads to, and how they contradict the person who states it."""

    known: KnownLearner
    differs: tuple[str, ...]
    """`dateOfBirth`, `name`, or both: hold what was asked for, and show both persons. Empty: the same person."""


def find_learner(registry: Registry, student: str) -> KnownLearner | None:
    """Return the learner of a student number, in whichever spelling; None where it leads to nobody.

    An earlier version stored the spelling that it was given: that is looked for, too.
    """
    vault = registry.vault
    hashed = [vault.hashed("student", text) for text in (normalise_identifier(student), student)]
    found = vault.find_known(registry.cursor(), set(hashed))
    return found.get(hashed[0]) or found.get(hashed[1])


def find_holder(registry: Registry, student: str, stated: Mapping[str, str]) -> Holder | None:
    """Return the learner of a student number, compared with the person who states it; None where it leads to nobody.

    `stated` has what is stated of `familyName`, `givenName` and `dateOfBirth`.
    """
    known = find_learner(registry, student)
    return None if known is None else Holder(known, contradictions(known.person, stated))
