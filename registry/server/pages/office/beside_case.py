"""The panels beside a case that the views fill: members' names, and what offices decided before."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from projections.api.reading import Views
from projections.precedents import precedents
from projections.precedents.query import PrecedentQuery
from projections.records.member_names import read_member_names
from registry.office.cases.views import CaseView


class Precedents(NamedTuple):
    """Earlier decisions in force about one achievement for the purpose of a case."""

    subject: int
    """The number of the credential in the case, from 0."""
    offices: dict[str, dict[str, int]]
    """By office, the number of decisions with each outcome."""
    usual: str | None
    """The outcome that most offices decide most often; None without precedents."""

    @property
    def usual_offices(self) -> int:
        """The number of offices that usually decide so."""
        return sum(max(counts, key=lambda outcome: counts[outcome]) == self.usual for counts in self.offices.values())


class BesideCase(NamedTuple):
    """The facts of the views that stand beside a case."""

    names: dict[str, str]
    precedents: list[Precedents]


def read_beside(views: Views, view: CaseView) -> BesideCase:
    """Return the panels of a case, from one moment of the views."""
    with views.snapshot() as snapshot:
        panels = []
        for number, each in enumerate(view.subjects):
            if each.now is None:
                continue
            query = PrecedentQuery(
                member=each.now.member, achievement=each.now.achievement.achievement, purpose=view.case.purpose
            )
            offices = precedents.counts(snapshot.connection, query).offices
            panels.append(Precedents(number, offices, _usual(list(offices.values()))))
        return BesideCase(read_member_names(snapshot.connection), panels)


def _usual(offices: Sequence[dict[str, int]]) -> str | None:
    votes = Counter(max(counts, key=lambda outcome: counts[outcome]) for counts in offices if counts)
    return votes.most_common(1)[0][0] if votes else None
