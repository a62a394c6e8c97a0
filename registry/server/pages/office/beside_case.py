"""The panels beside a case that the views fill: members' names, and what offices decided before."""

from collections import Counter
from typing import Final, NamedTuple

from projections.api.reading import Views
from projections.precedents import precedents
from projections.precedents.departures import Departure, Draft, departure, usual_outcome
from projections.precedents.query import PrecedentQuery
from projections.records.member_names import read_member_names
from registry.office.assessments.assessment import Assessment
from registry.office.cases.views import CaseView
from registry.office.ports import CredentialFacts
from registry.server.pages.office.decision_form import grants_by_credential
from registry.wire.recognition import Grant

_ENOUGH_OFFICES: Final = 5
"""The number of other offices from which on a departure from what they decide is pointed out."""


class Precedents(NamedTuple):
    """Earlier decisions in force about one achievement for the purpose of a case."""

    subject: int
    """The number of the credential in the case, from 0."""
    offices: dict[str, dict[str, int]]
    """By office, the number of decisions with each outcome."""
    usual: str | None
    """The outcome that most offices decide most often; None without precedents."""
    usual_offices: int
    """The number of offices that usually decide so."""

    @property
    def decisions(self) -> int:
        """The number of decisions of all offices."""
        return sum(sum(counts.values()) for counts in self.offices.values())

    @property
    def is_unanimous(self) -> bool:
        """True if all decisions have one outcome."""
        return len({outcome for counts in self.offices.values() for outcome in counts}) == 1


class DraftDeparture(NamedTuple):
    """The way in which a draft of this office departs from what was decided before."""

    subject: int
    outcome: str
    comparison: Departure

    @property
    def is_pointed_out(self) -> bool:
        """True if enough was decided before: by five offices, ten times, or here."""
        return self.comparison.departs and (self.comparison.offices >= _ENOUGH_OFFICES or bool(self.comparison.own))


class BesideCase(NamedTuple):
    """The facts of the views that stand beside a case."""

    names: dict[str, str]
    precedents: list[Precedents]
    departures: list[DraftDeparture]


def read_beside(views: Views, view: CaseView, assessment: Assessment | None, own: str) -> BesideCase:
    """Return the panels of a case, from one moment of the views; `assessment` is the draft to compare."""
    with views.snapshot() as snapshot:
        panels, departures = [], []
        read: dict[PrecedentQuery, dict[str, dict[str, int]]] = {}
        drafted = {} if assessment is None else grants_by_credential(assessment)
        for number, each in enumerate(view.subjects):
            if each.now is None or number in view.removed:
                continue
            query = PrecedentQuery(
                member=each.now.member, achievement=each.now.achievement.achievement, purpose=view.case.purpose
            )
            if query not in read:  # several credentials of one achievement have the same precedents
                read[query] = precedents.counts(snapshot.connection, query).offices
            offices = read[query]
            usual_of = [usual_outcome(counts) for counts in offices.values()]
            usual = usual_outcome(Counter(usual_of)) if usual_of else None
            panels.append(Precedents(number, offices, usual, usual_of.count(usual or "")))
            if number in drafted:
                draft = _draft(each.now, view, drafted[number].grant)
                departures.append(DraftDeparture(number, draft.outcome, departure(snapshot.connection, draft, own)))
        return BesideCase(read_member_names(snapshot.connection), panels, departures)


def _draft(credential: CredentialFacts, view: CaseView, grant: Grant) -> Draft:
    return Draft(
        member=credential.member,
        achievement=credential.achievement.achievement,
        version=credential.achievement.version,
        purpose=view.case.purpose,
        outcome=grant.outcome,
        grounds=[f"{ground.aspect}:{ground.difference}" for ground in grant.grounds or ()],
    )
