"""Agreements on a real PostgreSQL: what they cover is shown, and what one would come to before it is signed."""

from datetime import date
from decimal import Decimal

import pytest

from consumers.projecting.projector import Projector
from projections.core import views
from projections.core.errors import InvalidQuery
from projections.credentials import credentials
from projections.recognition import decisions
from projections.recognition.simulation import simulate
from registry.wire.forms import VersionedRef
from registry.wire.recognition import AchievementFilter, AgreementDeclared, AgreementWithdrawn
from tests.support.offices import decided, grant, withdrawn
from tests.support.streams import CONSORTIUM, Consortium, new_id

YEAR = date(2025, 1, 1), date(2025, 12, 31)


def agreement(with_, achievements, **more):
    values = {
        "agreement": new_id(), "with_": with_, "achievements": achievements, "include_revisions": False,
        "purpose": "creditTransfer", "outcome": "full", "ects_ratio": 1, "valid_from": "2026-01-01",
    }  # fmt: skip
    return AgreementDeclared(**(values | more))


@pytest.fixture(scope="module")
def known(postgres):
    """Aveiro issued in 2025; twente decided on some of it."""
    consortium = Consortium("aveiro", "twente", "linkoping")
    aveiro, twente, linkoping = consortium.universities.values()
    data, first = aveiro.publish()
    _, second = aveiro.publish(data, ects=6, version=2)
    history, third = aveiro.publish(ects=2.5, fields_of_education=["0222"], eqf_level=7)
    course, fourth = aveiro.publish(
        ects=None, credit_bearing=False, workload_hours=40, eqf_level=None, level_basis=None
    )
    aveiro.seal(first, second, third, fourth)
    lines, ids = [], []
    for number in range(6):
        credential, line = aveiro.issue(data, new_id(), awarding_date=f"2025-0{number + 1}-15")
        lines.append(line)
        ids.append(credential)
    lines.append(aveiro.issue(data, new_id(), version=2, ects=6, awarding_date="2025-12-31")[1])
    lines.append(aveiro.issue(history, new_id(), ects=2.5, awarding_date="2025-03-01")[1])
    lines.append(aveiro.issue(data, new_id(), awarding_date="2026-01-01")[1])
    aveiro.seal(*lines, aveiro.revoke(ids[0]))
    one, two = ("aveiro", data, 1), ("aveiro", data, 2)
    transfer = {"purpose": "creditTransfer", "day": "2025-06-01"}
    gone, line = decided(twente, [one], grant("refused", "level:lowerLevel"), **transfer)
    twente.seal(
        decided(twente, [one], grant(ects=5), **transfer)[1],
        decided(twente, [one], grant(), **transfer)[1],
        decided(twente, [one], grant("partial", "workload:substantiallyLess", ects=3), **transfer)[1],
        decided(twente, [one], grant("partial", "profile:differentField", ects=3), **transfer)[1],
        decided(twente, [two], grant(ects=6), **transfer)[1],
        decided(twente, [one], grant("refused", "level:lowerLevel"), purpose="admission", day="2025-06-01")[1],
        decided(twente, [one], grant("refused", "level:lowerLevel"), purpose="creditTransfer", day="2024-12-31")[1],
        decided(twente, [("aveiro", course, 1)], grant(mode="credited", ects=2), **transfer)[1],
        line,
        withdrawn(twente, gone),
    )
    linkoping.seal(decided(linkoping, [one], grant("refused", "level:lowerLevel"), **transfer)[1])
    with views.connect(postgres.dsn("agreements")) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        yield connection, data, history, course


def test_what_an_agreement_would_have_covered_and_where_own_decisions_were_others(known):
    connection, data, *_ = known
    found = simulate(connection, "twente", agreement("aveiro", [VersionedRef("aveiro", data, 1)]), *YEAR)
    assert (found.achievements, found.covered) == (1, 5)
    assert (found.decided, found.agree, found.differ) == (4, 2, 2)
    [other] = found.differing
    assert (other.outcome, other.ects, other.original, other.agreement_ects, other.count) == ("partial", 3, 5, 5, 2)
    assert other.grounds == {"profile:differentField": 1, "workload:substantiallyLess": 1}


def test_revisions_and_a_ratio_count_as_they_are_declared(known):
    connection, data, *_ = known
    draft = agreement("aveiro", [VersionedRef("aveiro", data, 1)], include_revisions=True, ects_ratio=0.5)
    found = simulate(connection, "twente", draft, *YEAR)
    assert (found.achievements, found.covered) == (2, 6)
    assert [(one.version, one.granted, one.credentials) for one in found.by_achievement] == [
        (1, Decimal("2.5"), 5),
        (2, 3, 1),
    ]
    assert (found.decided, found.agree) == (5, 1)  # the decision that names no credits
    partial = agreement("aveiro", [VersionedRef("aveiro", data, 1)], outcome="partial", ects_ratio=0.6)
    assert simulate(connection, "twente", partial, *YEAR).agree == 2


def test_a_filter_covers_fields_and_levels_as_the_agreement_would(known):
    connection, _, history, course = known
    fields = agreement("aveiro", AchievementFilter(fields_of_education=["02"]))
    found = simulate(connection, "twente", fields, *YEAR)
    assert [one.achievement for one in found.by_achievement] == [history]
    assert found.by_achievement[0].granted == Decimal("2.5")
    both = agreement("aveiro", AchievementFilter(eqf_levels=[6], fields_of_education=["02"]))
    assert simulate(connection, "twente", both, *YEAR).achievements == 0
    everything = agreement("aveiro", AchievementFilter(fields_of_education=["02", "06"]))
    whole = simulate(connection, "twente", everything, *YEAR)
    assert whole.achievements == 4
    credited = next(one for one in whole.differing if one.original is None)
    assert (credited.ects, credited.agreement_ects) == (2, None)
    assert course in {one.achievement for one in whole.by_achievement}


def test_nothing_is_decided_about_a_stranger_and_a_period_has_two_ends(known):
    connection, data, *_ = known
    draft = agreement("nobody", [VersionedRef("nobody", data, 1)])
    found = simulate(connection, "twente", draft, *YEAR)
    assert (found.achievements, found.covered, found.decided) == (0, 0, 0)
    with pytest.raises(InvalidQuery, match="before begin"):
        simulate(connection, "twente", draft, YEAR[1], YEAR[0])


def test_a_covered_credential_names_all_agreements_that_match_and_two_members_make_one_mutual(dsn):
    consortium = Consortium("aveiro", "twente", "linkoping")
    aveiro, twente, linkoping = consortium.universities.values()
    achievement, line = aveiro.publish()
    aveiro.seal(line)
    learner = new_id()
    covered, first = aveiro.issue(achievement, learner, awarding_date="2026-03-01")
    later, second = aveiro.issue(achievement, learner, awarding_date="2026-07-01")
    aveiro.seal(first, second)
    one = agreement("aveiro", [VersionedRef("aveiro", achievement, 1)], valid_until="2026-12-31")
    two = agreement("aveiro", AchievementFilter(eqf_levels=[6]))
    back = agreement("twente", AchievementFilter(eqf_levels=[6]))
    twente.seal(twente.line("agreement.declared.v1", one.agreement, one))
    linkoping.seal(linkoping.line("agreement.declared.v1", two.agreement, two))
    aveiro.seal(aveiro.line("agreement.declared.v1", back.agreement, back))
    ends = AgreementWithdrawn(two.agreement, "2026-07-01")
    linkoping.seal(linkoping.line("agreement.withdrawn.v1", two.agreement, ends))
    with views.connect(dsn) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        shown = {
            one.credential: one.recognised_by
            for one in credentials.read(connection, [("aveiro", covered), ("aveiro", later)])
        }
        assert shown == {
            covered: [f"linkoping/{two.agreement}", f"twente/{one.agreement}"],
            later: [f"twente/{one.agreement}"],
        }
        mutual = {each.member: each.mutual for each in decisions.agreements(connection)}
        assert mutual == {"aveiro": True, "linkoping": False, "twente": True}
        [read] = decisions.agreements(connection, "twente", one.agreement)
        assert read.content["achievements"] == [{"member": "aveiro", "achievement": achievement, "version": 1}]
        assert decisions.agreements(connection, "aveiro", one.agreement) == []
