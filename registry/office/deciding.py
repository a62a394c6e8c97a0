"""From an approved proposal to the decision that is published, and what speaks against deciding so. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from registry.domain.case import Case
from registry.domain.case_errors import CredentialStatus
from registry.domain.case_events import Seen
from registry.office.ports import CredentialFacts, Key
from registry.wire.disclosures import SALT_LENGTH, claims_digest, disclosure, salts
from registry.wire.recognition import Basis, Grant, RecognitionDecided

Facts = Mapping[Key, CredentialFacts]
_OPENLY: Final = ("creditTransfer", "stacking")


def decision_of(
    case: Case, grants: Sequence[Grant], facts: Facts, decision: str, day: str, supersedes: str | None
) -> tuple[RecognitionDecided, list[str]]:
    """The decision, and the disclosures that its `credentialDigest`s stand for, in the order of its bases.

    Raises `CredentialStatus` for a credential of which nobody has said what it is of.
    """
    openly = case.data.purpose in _OPENLY and all(grant.outcome != "refused" for grant in grants)
    salt = salts(len(case.subjects))
    bases, disclosures = [], []
    for number, subject in enumerate(case.subjects):
        if subject.credential is None:
            bases.append(Basis(subject.evidence, external=subject.external))
            continue
        key = subject.credential.member, subject.credential.credential
        known = facts.get(key)
        achievement = known.achievement if known is not None else subject.achievement
        if achievement is None:
            raise CredentialStatus(
                f"credential {'/'.join(key)} has not arrived here, and nothing proves what it is of: wait until it"
                " has, or open the case from its receipt",
                f"$.basis[{number}].achievement",
            )
        if openly:
            bases.append(Basis(subject.evidence, achievement=achievement, credential=subject.credential))
            continue
        said = disclosure(
            salt[number * SALT_LENGTH : (number + 1) * SALT_LENGTH],
            "credential",
            {"member": key[0], "credential": key[1]},
        )
        disclosures.append(said)
        bases.append(Basis(subject.evidence, achievement=achievement, credential_digest=claims_digest([said])))
    data = RecognitionDecided(decision, case.data.purpose, case.data.effect, bases, list(grants), day, supersedes)
    return data, disclosures


def seen(case: Case, facts: Facts) -> list[Seen]:
    """What is known of the case's credentials now, to be kept with the decision."""
    found = []
    for number, subject in enumerate(case.subjects):
        if subject.credential is None:
            continue
        known = facts.get((subject.credential.member, subject.credential.credential))
        found.append(
            Seen(number, "unknown", ["pending"])
            if known is None
            else Seen(number, known.status, list(known.flags), known.size)
        )
    return found


def objections(case: Case, grants: Sequence[Grant], now: Sequence[Seen]) -> list[str]:
    """Why the credentials' status speaks against these grants.

    A credential that is not active, has a flag, has not arrived, or that its issuer denies, carries a grant only
    where that grant names a formal ground (a forgery is refused as one).
    """
    carrying = {
        index
        for grant in grants
        if not any(ground.aspect == "formal" for ground in grant.grounds or ())
        for index in grant.from_
    }
    found = []
    for one in now:
        if one.subject not in carrying:
            continue
        what = named(case, one.subject)
        if one.status == "unknown":
            found.append(f"{what} has not arrived here")
        elif one.status != "active":
            found.append(f"{what} is {one.status}")
        found += [f"{what} is {flag}" for flag in one.flags if flag != "pending" or one.status != "unknown"]
    found += [
        f"the issuer of {named(case, number)} says that it is not authentic"
        for number in sorted(carrying)
        if number < len(case.subjects) and case.refuted(number)
    ]
    return found


def named(case: Case, subject: int) -> str:
    """A credential of the case, as people are told of it."""
    about = case.subjects[subject]
    if about.credential is not None:
        return f"credential {about.credential.member}/{about.credential.credential}"
    title = about.external.title if about.external is not None else ""
    return f"credential {subject} ({title})"
