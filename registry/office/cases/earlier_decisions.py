"""Decisions in force of other cases about the same credential of the same applicant."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_events import Subject
from registry.office.cases.people import is_same_person, read_applicants
from registry.values.persons import comparison_key

_MOST_OTHERS: Final = 20
"""The greatest number of cases of other applicants that are looked at."""


class EarlierDecision(NamedTuple):
    """A decision of another case about one of a case's credentials."""

    subject: int
    """The number of the credential in the case that is looked at, from 0."""
    file_number: str
    outcome: str
    decided: str
    purpose: str
    same_award: bool = True
    """False: it is another award of the same achievement."""
    case: str = ""
    """The id of the other case."""

    @property
    def facts(self) -> tuple[str, ...]:
        """The values that tell this decision from another one about the same credential."""
        return (self.file_number, self.outcome, self.decided, self.purpose, "same" if self.same_award else "another")

    @property
    def sentence(self) -> str:
        """The decision in a sentence, without the credential."""
        about = "it" if self.same_award else "another award of the same achievement"
        return f"case {self.file_number} decided about {about} on {self.decided}: {self.outcome}, for {self.purpose}"


def earlier_decisions(registry: Registry, case: Case) -> list[EarlierDecision]:
    """Return what other cases decided about this case's credentials, where that is in force.

    A decision about another award of the same achievement counts as well, where the learner is the same.

    The applicant is the same where the learner is, or the whole name and the date of birth. A credential that no member
    issued is the same where one learner's cases name it by the same issuer, country and title.
    """
    return [each for other in _others(registry, case) for each in _decided_about(case, other)]


def decided_for_others(registry: Registry, case: Case) -> list[EarlierDecision]:
    """Return what cases of other applicants decided about this case's credentials of members, and is in force.

    A credential has one holder: one of the cases has the wrong applicant, or the applicant is not known as the same.
    """
    same = {each.case for each in earlier_decisions(registry, case)}
    keys = [
        each.credential
        for number, each in enumerate(case.subjects)
        if each.credential is not None and number not in case.removed
    ]
    rows = registry.cursor().execute(
        "SELECT DISTINCT c.id::text FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)"
        " JOIN office.subjects s USING (member, credential) JOIN office.cases c ON c.id = s.case_id"
        " WHERE c.decision IS NOT NULL AND c.id <> %s ORDER BY 1 LIMIT %s",
        ([each.member for each in keys], [each.credential for each in keys], str(case.id), _MOST_OTHERS),
    )
    others = [registry.case(row["id"]) for row in rows.fetchall() if row["id"] not in same]
    return [each for other in others for each in _decided_about(case, other) if each.same_award]


def all_earlier_decisions(registry: Registry, case: Case) -> list[EarlierDecision]:
    """Return what other cases decided about this case's credentials, of this applicant and of others."""
    return [*earlier_decisions(registry, case), *decided_for_others(registry, case)]


def _decided_about(case: Case, other: Case) -> Iterator[EarlierDecision]:
    """Yield what another case decided about a case's credentials, where that is in force."""
    proposal, decision = other.carried_out, other.decision
    if proposal is None or decision is None or other.withdrawal is not None:
        return
    for number, subject in enumerate(case.subjects):
        if number in case.removed:
            continue
        for grant in proposal.grants:
            alike = [each for each in grant.from_ if _is_same_learning(subject, other.subjects[each])]
            if alike:
                same = any(_is_same(subject, other.subjects[each]) for each in alike)
                facts = (other.data.file_number, grant.outcome, decision.on, other.data.purpose)
                yield EarlierDecision(number, *facts, same_award=same, case=str(other.id))


def _others(registry: Registry, case: Case) -> list[Case]:
    """Return the other decided cases of the same applicant that may be about the same credentials."""
    own = str(case.id)
    keys = [each.credential for each in case.subjects if each.credential is not None]
    rows = (
        registry.cursor()
        .execute(
            "SELECT DISTINCT c.id::text, c.learner::text FROM office.cases c"
            " LEFT JOIN office.subjects s ON s.case_id = c.id WHERE c.decision IS NOT NULL AND c.id <> %s"
            " AND (c.learner = %s OR (s.member, s.credential) IN (SELECT * FROM unnest(%s::text[], %s::uuid[])))"
            " ORDER BY 1",
            (own, case.data.learner, [each.member for each in keys], [each.credential for each in keys]),
        )
        .fetchall()
    )
    strangers = [row["id"] for row in rows if row["learner"] != case.data.learner]
    people = read_applicants(registry.cursor(), registry.vault, [own, *strangers]) if strangers else {}
    same = {
        other for other in strangers if other in people and own in people and is_same_person(people[own], people[other])
    }
    return [registry.case(row["id"]) for row in rows if row["learner"] == case.data.learner or row["id"] in same]


def _is_same_learning(subject: Subject, other: Subject) -> bool:
    """Return whether two are the same credential, or awards of the same achievement: its credit counts once."""
    if subject.achievement is not None and other.achievement is not None:
        first, second = ((each.member, each.achievement) for each in (subject.achievement, other.achievement))
        if first == second:
            return True
    return _is_same(subject, other)


def _is_same(subject: Subject, other: Subject) -> bool:
    if subject.external is not None and other.external is not None:
        first, second = (
            (each.country, comparison_key(each.issuer_name), comparison_key(each.title))
            for each in (subject.external, other.external)
        )
        return first == second
    return subject.credential is not None and subject.credential == other.credential
