"""An assessment to begin with: what is known of a case's credentials beside what the office asks for. Pure."""

from collections.abc import Mapping

import msgspec

from registry.domain.case import Case
from registry.office.assessments.assessment import Assessed, Assessment, Offered, Requirement, compare
from registry.office.ports import CredentialLookup


def drafted(
    case: Case, lookup: CredentialLookup, requirement: Requirement, stated: Mapping[int, Offered] | None = None
) -> Assessment:
    """The five elements of each credential with nothing named yet, and nothing proposed.

    `stated` is what uploaded documents say of the credentials, by their numbers.
    """
    offered = [offered_of(case, number, lookup, (stated or {}).get(number)) for number in range(len(case.subjects))]
    assessed = [Assessed(one, requirement, compare(one, requirement)) for one in offered]
    return Assessment(case.data.purpose, case.data.effect, assessed, [])


def offered_of(case: Case, number: int, lookup: CredentialLookup, stated: Offered | None = None) -> Offered:
    """Return what is known of one of a case's credentials: from the log, or else as a document states it."""
    subject = case.subjects[number]
    answer = case.last_answer(number)
    authentic = {"authentic": True, "notAuthentic": False}.get(answer or "")
    external = subject.external
    if external is not None:
        known = stated or Offered(issuer=external.issuer_name, member=False, title={"en": external.title})
        return msgspec.structs.replace(
            known,
            issuer=external.issuer_name,
            member=False,
            country=external.country,
            evidence=subject.evidence,
            authentic=authentic,
        )
    assert subject.credential is not None  # noqa: S101 - one of the two is there
    found = lookup.describe_credential(subject.credential.member, subject.credential.credential)
    if found is None and subject.achievement is not None:
        found = lookup.describe_achievement(subject.achievement)
    if found is None:
        title = f"credential {subject.credential.credential}"
        found = Offered(issuer=subject.credential.member, member=True, title={"en": title})
    if authentic is not None:
        found = msgspec.structs.replace(found, authentic=authentic)
    return msgspec.structs.replace(found, evidence=subject.evidence)
