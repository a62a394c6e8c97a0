"""What an issuer should look at again, on a real PostgreSQL: until it is done, everywhere at once, and never stored."""

from datetime import date

import pytest

from projections.core import views
from projections.credentials import credentials
from projections.feed import worklist
from projections.records import learners, universities
from projections.stacking import progress
from registry.wire.governance import MemberRangeVoided
from registry.wire.recognition import RecognitionWithdrawn
from tests.support.stacks import Members, grant, part, ref
from tests.support.streams import new_id

DAY = date(2026, 8, 31)


@pytest.fixture(scope="module")
def connection(postgres):
    with views.connect(postgres.dsn("worklist")) as opened:
        views.create(opened)
        yield opened


@pytest.fixture
def members(connection):
    return Members(connection)


def items(members, member="twente"):
    members.see()
    found = worklist.read(members.connection, member).items
    return {(one.kind, one.what, one.id): [(at.member, at.credential, at.what) for at in one.because] for one in found}


def stacked(members, **more):
    """Lund's module within Aveiro's credential within Twente's programme: both offers, all three."""
    module, middle = members.offer(members.lund), members.offer(members.aveiro, 10)
    whole = members.compose(members.twente, required=[ref(members.aveiro, middle)], min_ects=10, **more)
    inner = members.award(members.lund, module)
    between = members.award(members.aveiro, middle, 10, parts=[part(members.lund, inner)])
    outer = members.award(
        members.twente, whole, 30, parts=[part(members.aveiro, between, 10)], awarding_date="2026-07-01"
    )
    return module, whole, inner, between, outer


def test_a_part_revoked_however_deep_is_told_everywhere_until_it_is_done(members):
    _, whole, inner, between, outer = stacked(members)
    assert items(members) == {}
    members.lund.seal(members.lund.revoke(inner))
    because = [("lund", inner, "revoked")]
    assert items(members) == {("impaired", "credential", outer): because}
    assert items(members, "aveiro") == {("impaired", "credential", between): because}
    fault = f"lund/{inner}"
    [shown] = credentials.read(members.connection, [("twente", outer)])
    assert ("impaired" in shown.flags, shown.impaired_by) == (True, [fault])
    record = learners.read(members.connection, members.learner)
    assert {one.credential: one.impaired_by for one in record.credentials} == {
        outer: [fault],
        between: [fault],
        inner: [],
    }
    year = universities.read_year(members.connection, "twente", 2026)
    assert [(line.achievement, line.active) for line in year.awarded] == [(whole, 1)]
    [line], _ = universities.awards(members.connection, "twente", date(2026, 1, 1), date(2026, 12, 31))
    assert line.impaired_by == [fault]
    found = progress.read(members.connection, members.learner, ("twente", whole), on=DAY)
    assert found.held == {f"twente/{outer}": [fault]}
    assert {one.credential: one.why for one in found.left}[between] == "impaired"
    members.twente.seal(members.twente.revoke(outer))
    assert items(members) == {}
    year = universities.read_year(members.connection, "twente", 2026)
    assert [(line.active, line.revoked, line.ects) for line in year.awarded] == [(0, 1, 0)]


def test_a_corrected_part_impairs_nobody_and_a_replaced_stack_is_done(members):
    module, whole, inner, between, outer = stacked(members)
    corrected, line = members.lund.issue(module, members.learner, replaces=inner)
    members.lund.seal(line)
    assert items(members) == {}
    members.lund.seal(members.lund.revoke(corrected))
    assert items(members) == {("impaired", "credential", outer): [("lund", inner, "replaced")]}
    members.award(members.twente, whole, 30, parts=[part(members.aveiro, between, 10)], replaces=outer)
    assert [key[2] == outer for key in items(members)] == [False]


def test_a_voided_part_is_told_too(members):
    *_, inner, _, outer = stacked(members)
    lund = members.lund
    voided = MemberRangeVoided("lund", lund.tree.size - 1, lund.tree.size, lund.head, "publishedByMistake")
    members.consortium.seal(members.consortium.line("member.range.voided.v1", "lund", voided))
    assert items(members) == {("impaired", "credential", outer): [("lund", inner, "voided")]}


def test_a_learner_erased_elsewhere_is_told_until_erased_here_or_the_thing_is_closed(members):
    module = members.offer(members.lund)
    whole = members.compose(members.twente, required=[ref(members.lund, module)], min_ects=5)
    inner = members.award(members.lund, module)
    outer = members.award(members.twente, whole, 30, parts=[part(members.lund, inner)])
    decision = members.decide(members.twente, members.lund, inner, module, grant())
    other = members.award(members.lund, module, learner=new_id())
    members.decide(members.twente, members.lund, other, module, grant())
    assert items(members) == {}
    members.lund.seal(members.lund.erase(members.learner))
    because = [("lund", inner, "learner-erased")]
    told = {("learner-erased", "credential", outer): because, ("learner-erased", "decision", decision): because}
    assert items(members) == told
    assert all(members.learner not in one.todo for one in worklist.read(members.connection, "twente").items)
    data = RecognitionWithdrawn(decision, "administrative")
    members.twente.seal(members.twente.line("recognition.withdrawn.v1", decision, data))
    assert set(items(members)) == {("learner-erased", "credential", outer)}
    members.decide(members.twente, members.lund, inner, module, grant())
    members.twente.seal(members.twente.erase(members.learner))
    assert items(members) == {}
