"""An assessment to begin with: what is known of a case's credentials beside what the office asks for. Pure."""

import msgspec

from registry.domain.case import Case
from registry.domain.case_events import Subject
from registry.office.assessment import Assessed, Assessment, Offered, Requirement, compare
from registry.office.facts import Facts


def drafted(case: Case, facts: Facts, requirement: Requirement) -> Assessment:
    """The five elements of each credential with nothing named yet, and nothing proposed."""
    offered = [_offered(case, number, subject, facts) for number, subject in enumerate(case.subjects)]
    assessed = [Assessed(one, requirement, compare(one, requirement)) for one in offered]
    return Assessment(case.data.purpose, case.data.effect, assessed, [])


def _offered(case: Case, number: int, subject: Subject, facts: Facts) -> Offered:
    answer = case.said(number)
    authentic = {"authentic": True, "notAuthentic": False}.get(answer or "")
    external = subject.external
    if external is not None:
        return Offered(
            issuer=external.issuer_name,
            member=False,
            title={"en": external.title},
            country=external.country,
            evidence=subject.evidence,
            authentic=authentic,
        )
    assert subject.credential is not None  # noqa: S101 - one of the two is there
    found = facts.of_credential(subject.credential.member, subject.credential.credential)
    if found is None and subject.achievement is not None:
        found = facts.of_achievement(subject.achievement)
    if found is None:
        title = f"credential {subject.credential.credential}"
        found = Offered(issuer=subject.credential.member, member=True, title={"en": title})
    if authentic is not None:
        found = msgspec.structs.replace(found, authentic=authentic)
    return msgspec.structs.replace(found, evidence=subject.evidence)
