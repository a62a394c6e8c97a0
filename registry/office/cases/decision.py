"""From an approved proposal to the decision that is published, and what is known of its credentials then. Pure."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from registry.domain.case import Case
from registry.domain.case_errors import CredentialStatus
from registry.domain.case_events import KnownStatus
from registry.office.basis import name_basis, names_openly
from registry.office.ports import CredentialFacts, Key
from registry.wire.recognition import Basis, Grant, RecognitionDecided

FactsByKey = Mapping[Key, CredentialFacts]


def list_decided_subjects(case: Case, left: Collection[int]) -> list[int]:
    """Return the numbers of the credentials that a decision is about, in the order of its bases."""
    return [number for number in range(len(case.subjects)) if number not in case.removed and number not in left]


def build_decision(
    case: Case,
    grants: Sequence[Grant],
    left: Collection[int],
    facts: FactsByKey,
    decision: str,
    day: str,
    supersedes: str | None,
) -> tuple[RecognitionDecided, list[str]]:
    """Return the decision, and the disclosures that its `credentialDigest`s stand for, in the order of its bases.

    Grants name credentials by their numbers in the case; in the decision they name its bases. Credentials that are
    left out, or were removed from the case, are not bases. Raises `CredentialStatus` for a credential of which nobody
    has said what it is of.
    """
    openly = names_openly(case.data.purpose, [grant.outcome for grant in grants])
    bases, disclosures = [], []
    numbers = list_decided_subjects(case, left)
    for number in numbers:
        subject = case.subjects[number]
        if subject.credential is None:
            bases.append(Basis(subject.evidence, external=subject.external))
            continue
        key = subject.credential.member, subject.credential.credential
        credential = facts.get(key)
        achievement = credential.achievement if credential is not None else subject.achievement
        if achievement is None:
            raise CredentialStatus(
                f"credential {'/'.join(key)} has not arrived here, and nothing proves what it is of: wait until it"
                " has, or open the case from its receipt",
                f"$.basis[{number}].achievement",
            )
        named_basis = name_basis(subject.evidence, achievement, subject.credential, openly=openly)
        bases.append(named_basis.basis)
        if named_basis.disclosure is not None:
            disclosures.append(named_basis.disclosure)
    place = {number: basis for basis, number in enumerate(numbers)}
    granted = [msgspec.structs.replace(each, from_=[place[number] for number in each.from_]) for each in grants]
    data = RecognitionDecided(decision, case.data.purpose, case.data.effect, bases, granted, day, supersedes)
    return data, disclosures


def known_statuses(case: Case, facts: FactsByKey) -> list[KnownStatus]:
    """Return the status of the case's credentials now, to be stored with the decision."""
    statuses = []
    for number, subject in enumerate(case.subjects):
        if subject.credential is None or number in case.removed:
            continue
        credential = facts.get((subject.credential.member, subject.credential.credential))
        statuses.append(
            KnownStatus(number, "unknown", ["pending"])
            if credential is None
            else KnownStatus(number, credential.status, list(credential.flags), credential.size)
        )
    return statuses


def subject_in_words(case: Case, subject: int) -> str:
    """Return the words for a credential of the case in messages."""
    about = case.subjects[subject]
    if about.credential is not None:
        return f"credential {about.credential.member}/{about.credential.credential}"
    title = about.external.title if about.external is not None else ""
    return f"credential {subject} ({title})"
