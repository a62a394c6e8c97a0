"""Reads of the office and of the intake that select in SQL, so that a page does not read a whole table."""

from datetime import date

import pytest

from projections.core import views
from projections.recognition.assessments import assessments
from projections.recognition.decisions import agreements
from projections.recognition.office_year import read_office_year
from registry.office.cases.year_file import read_case_days
from registry.server.pages.office.year_figures import first_decisions
from tests.integration.test_statements import assess
from tests.support.lund import Lund, full
from tests.support.offices import decided
from tests.support.stacks import Members

DAY = date(2026, 8, 31)


@pytest.fixture
def members(dsn):
    with views.connect(dsn) as connection:
        views.create(connection)
        yield Members(connection)


def test_a_year_follows_its_own_decisions_to_the_newest_and_no_others(members):
    achievement = [("twente", members.offer(members.twente), 1)]
    first, line = decided(members.lund, achievement, day="2025-03-01")
    lines, chain = [line], [first]
    for day in ("2025-04-01", "2026-05-01"):
        decision, line = decided(members.lund, achievement, day=day, supersedes=chain[-1])
        chain.append(decision)
        lines.append(line)
    other, line = decided(members.lund, achievement, day="2026-01-01")
    later, following = decided(members.lund, achievement, day="2026-02-01", supersedes=other)
    members.lund.seal(*lines, line, following)
    members.see()
    year = read_office_year(members.connection, "lund", 2025)
    assert year.superseded_by == {chain[0]: chain[1], chain[1]: chain[2]}
    assert first_decisions(year) == [chain[2]]
    assert read_office_year(members.connection, "lund", 2026).superseded_by == {other: later}


def test_the_days_of_cases_are_read_for_the_decisions_that_are_asked_for(dsn):
    lund = Lund(dsn)
    try:
        decisions = []
        for _ in range(2):
            case = lund.approved(lund.issue(), grants=[full()])
            decisions.append(lund.office.decide(case, "l.holm").decision)
        assert list(read_case_days(lund.registry.cursor(), decisions[:1])) == decisions[:1]
        assert read_case_days(lund.registry.cursor(), []) == {}
    finally:
        lund.close()


def test_statements_are_selected_by_day_and_number(members):
    offered = [members.offer(members.twente) for _ in range(4)]
    for achievement, until in zip(offered, (None, "2026-08-31", "2026-08-30", None), strict=True):
        assess(members, achievement, valid_until=until)
    members.see()
    in_force = assessments(members.connection, "lund", in_force_on=DAY)
    assert [each.achievement for each in in_force] == [offered[3], offered[1], offered[0]]
    assert [each.achievement for each in assessments(members.connection, "lund", limit=1)] == [offered[3]]


def test_agreements_are_selected_by_day(members):
    achievement = members.offer(members.twente)
    members.agree(members.lund, members.twente, [achievement], valid_from="2026-01-01", valid_until="2026-08-31")
    members.agree(members.lund, members.twente, [achievement], valid_from="2026-09-01")
    members.see()
    connection = members.connection
    assert len(agreements(connection, "lund", in_force_on=DAY)) == 1
    assert agreements(connection, "lund", in_force_on=date(2025, 12, 31)) == []
    assert len(agreements(connection, "lund")) == 2
