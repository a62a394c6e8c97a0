"""The panels beside a case that the views fill: members' names, and what offices decided before."""

from collections import Counter
from typing import NamedTuple

from projections.api.reading import Views
from projections.precedents import precedents
from projections.precedents.departures import usual_outcome
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
    usual_offices: int
    """The number of offices that usually decide so."""


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
            usual_of = [usual_outcome(counts) for counts in offices.values()]
            usual = usual_outcome(Counter(usual_of)) if usual_of else None
            panels.append(Precedents(number, offices, usual, usual_of.count(usual or "")))
        return BesideCase(read_member_names(snapshot.connection), panels)
