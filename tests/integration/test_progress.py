"""A learner's progress towards a larger credential, on a real PostgreSQL: what counts, by what, and what is missing."""

from datetime import date
from decimal import Decimal

import pytest

from projections.core import views
from projections.stacking import progress
from projections.stacking.progress import NotComposed
from registry.wire.achievements import Choice, LevelShare, OpenElective, SharingLimit
from registry.wire.forms import VersionedRef
from registry.wire.recognition import Condition, RecognitionAssessed, RecognitionWithdrawn
from tests.support.stacks import Members, grant, part, ref
from tests.support.streams import new_id

DAY = date(2026, 8, 31)


@pytest.fixture(scope="module")
def connection(postgres):
    with views.connect(postgres.dsn("progress")) as opened:
        views.create(opened)
        yield opened


@pytest.fixture
def members(connection):
    return Members(connection)


def read(members, achievement, of=None, **more):
    members.see()
    values = {"on": DAY} | more
    key = ((of or members.twente).member, achievement)
    return progress.read(members.connection, members.learner, key, **values)


def counting(found):
    return {(one.member, one.credential): (one.counts, one.basis, one.by) for one in found.parts}


def why(found):
    return {one.credential: one.why for one in found.left}


def gaps(found):
    return {gap.requirement: gap for gap in found.gaps}


def test_own_credentials_count_and_what_is_missing_is_said_with_who_offers_it(members):
    first, second = members.offer(members.twente), members.offer(members.twente)
    third = members.offer(members.lund, title={"en": "Statistics"})
    whole = members.compose(
        members.twente,
        required=[ref(members.twente, first), ref(members.lund, third)],
        choices=[Choice([ref(members.twente, second)], min_ects=5)],
        min_ects=15,
        min_own_ects=10,
    )
    credential = members.award(members.twente, first)
    found = read(members, whole)
    assert counting(found) == {("twente", credential): (5, "own", None)}
    assert (found.complete, found.counted, found.own, found.min_ects) == (False, 5, 5, 15)
    missing = gaps(found)
    assert set(missing) == {"required[1]", "choices[0].minEcts", "minEcts", "minOwnEcts"}
    [offer] = missing["required[1]"].offers
    assert (offer.member, offer.achievement, offer.title, offer.basis) == (
        "lund",
        third,
        {"en": "Statistics"},
        "composition",
    )
    assert missing["minEcts"].ects == 10
    assert {one.achievement for one in missing["minEcts"].offers} == {second, third}
    assert [one.achievement for one in missing["minOwnEcts"].offers] == [second]


def test_a_decision_counts_with_what_it_grants_and_as_what_it_grants_it(members):
    own, elsewhere = members.offer(members.twente), members.offer(members.lund)
    whole = members.compose(members.twente, required=[ref(members.twente, own)], min_ects=4)
    credential = members.award(members.lund, elsewhere)
    assert why(read(members, whole)) == {credential: "not-named"}
    decision = members.decide(members.twente, members.lund, credential, elsewhere, grant("partial", 4, ("twente", own)))
    found = read(members, whole)
    assert found.complete
    assert counting(found) == {("lund", credential): (4, "decision", f"twente/{decision}")}
    assert (found.own, found.credited) == (0, 4)


@pytest.mark.parametrize(
    ("granted", "more"),
    [
        (grant("conditional", 4, conditions=[Condition("examination")]), {}),
        (grant("full", 4, "Another programme"), {}),
        (grant("full", 4, ("lund", new_id())), {}),
        (grant("full", 4), {"effect": "advisory"}),
    ],
    ids=["conditional", "another title", "another achievement", "advisory"],
)
def test_a_decision_that_lets_nothing_count_here_is_no_reason(members, granted, more):
    elsewhere = members.offer(members.lund)
    whole = members.compose(members.twente, open=OpenElective(["061"], [], 30), min_ects=5)
    credential = members.award(members.lund, elsewhere)
    members.decide(members.twente, members.lund, credential, elsewhere, granted, **more)
    assert counting(read(members, whole)) == {("lund", credential): (5, "composition", None)}


def test_a_decision_towards_the_whole_by_its_title_or_by_itself_lets_any_credential_count(members):
    elsewhere = members.offer(members.lund, fields_of_education=["0222"])
    whole = members.compose(members.twente, min_ects=5)
    credential = members.award(members.lund, elsewhere)
    other = members.award(members.lund, members.offer(members.lund, fields_of_education=["0222"]))
    for towards in ("data LITERACY", ("twente", whole)):
        members.decide(members.twente, members.lund, credential, elsewhere, grant("full", 5, towards))
        found = read(members, whole)
        assert found.complete
        assert set(counting(found)) == {("lund", credential)}
        assert why(found)[other] == "not-named"


def test_a_decision_that_was_withdrawn_or_whose_office_erased_the_learner_counts_no_more(members):
    elsewhere = members.offer(members.lund)
    whole = members.compose(members.twente, open=OpenElective(["061"], [], 30), min_ects=2)
    credential = members.award(members.lund, elsewhere)
    decision = members.decide(members.twente, members.lund, credential, elsewhere, grant("partial", 3))
    assert counting(read(members, whole))["lund", credential][:2] == (3, "decision")
    members.twente.seal(members.twente.erase(members.learner))
    assert counting(read(members, whole))["lund", credential][:2] == (5, "composition")
    other = Members(members.connection)
    elsewhere = other.offer(other.lund)
    whole = other.compose(other.twente, open=OpenElective(["061"], [], 30), min_ects=2)
    credential = other.award(other.lund, elsewhere)
    decision = other.decide(other.twente, other.lund, credential, elsewhere, grant("partial", 3))
    data = RecognitionWithdrawn(decision, "onAppeal")
    other.twente.seal(other.twente.line("recognition.withdrawn.v1", decision, data))
    assert counting(read(other, whole))["lund", credential][:2] == (5, "composition")


def test_an_agreement_counts_at_its_ratio_where_nobody_decided(members):
    elsewhere = members.offer(members.lund)
    whole = members.compose(members.twente, open=OpenElective(["061"], [], 30), min_ects=3)
    credential = members.award(members.lund, elsewhere)
    agreement = members.agree(members.twente, members.lund, [elsewhere], ects_ratio=0.667)
    found = read(members, whole)
    assert counting(found) == {("lund", credential): (Decimal("3.33"), "agreement", f"twente/{agreement}")}
    decision = members.decide(members.twente, members.lund, credential, elsewhere, grant("partial", 4))
    assert counting(read(members, whole)) == {("lund", credential): (4, "decision", f"twente/{decision}")}


def test_credit_counts_once_where_a_credential_and_its_part_both_count(members):
    small, large = members.offer(members.twente), members.offer(members.twente, 15)
    whole = members.compose(
        members.twente, required=[ref(members.twente, small), ref(members.twente, large)], min_ects=15
    )
    inner = members.award(members.twente, small)
    outer = members.award(members.twente, large, 15, parts=[part(members.twente, inner)])
    found = read(members, whole)
    assert {key[1]: value[0] for key, value in counting(found).items()} == {inner: 5, outer: 10}
    assert found.complete
    [shared] = [one for one in found.parts if one.credential == inner]
    assert shared.also_counted_in == [f"twente/{outer}"]


def test_what_is_used_elsewhere_counts_as_far_as_sharing_allows(members):
    achievements = [members.offer(members.twente) for _ in range(3)]
    named = [ref(members.twente, one) for one in achievements]
    held = [members.award(members.twente, one) for one in achievements]
    other = members.offer(members.twente, 10)
    members.award(members.twente, other, 10, parts=[part(members.twente, one) for one in held[:2]])
    choices = [Choice(named, min_count=1)]
    strict = members.compose(members.twente, choices=choices, min_ects=10, sharing="forbidden")
    limited = members.compose(members.twente, choices=choices, min_ects=12, sharing=SharingLimit(7))
    found = read(members, strict)
    assert set(counting(found)) == {("twente", held[2])}
    assert [why(found)[one] for one in held[:2]] == ["used", "used"]
    some = read(members, limited)
    assert some.complete
    assert sum(one.counts for one in some.parts if one.also_counted_in) == 7


def test_age_status_and_the_day_asked_for_decide_what_counts(members):
    achievements = [members.offer(members.twente) for _ in range(5)]
    whole = members.compose(
        members.twente, choices=[Choice([ref(members.twente, one) for one in achievements], min_ects=25)],
        max_age_months=12, min_ects=25,
    )  # fmt: skip
    days = ["2024-01-01", "2026-03-01", "2026-03-01", "2026-09-15", "2026-03-01"]
    old, revoked, good, later, expiring = (
        members.award(members.twente, one, awarding_date=day, valid_until="2026-07-01" if n == 4 else None)
        for n, (one, day) in enumerate(zip(achievements, days, strict=True))
    )
    members.twente.seal(members.twente.revoke(revoked))
    found = read(members, whole)
    assert set(counting(found)) == {("twente", good)}
    assert why(found) == {old: "too-old", revoked: "revoked", later: "awarded-later", expiring: "expired"}
    earlier = read(members, whole, on=date(2024, 12, 31))
    assert set(counting(earlier)) == {("twente", old)}


def test_levels_and_the_limit_of_what_is_credited_are_kept(members):
    low = members.offer(members.twente)
    high = members.offer(members.twente, eqf_level=7)
    foreign = members.offer(members.lund, 10)
    whole = members.compose(
        members.twente,
        required=[ref(members.twente, low)],
        open=OpenElective([], [6, 7], 30),
        min_ects=15,
        max_credited_ects=4,
        min_ects_at_level=[LevelShare(7, 5)],
    )
    members.award(members.twente, low)
    credential = members.award(members.lund, foreign, 10)
    found = read(members, whole)
    assert counting(found)["lund", credential][0] == 4
    assert (found.counted, found.credited) == (9, 4)
    missing = gaps(found)
    assert set(missing) == {"minEcts", "minEctsAtLevel[7]"}
    assert [one.achievement for one in missing["minEctsAtLevel[7]"].offers] == [high]
    members.award(members.twente, high)
    assert set(gaps(read(members, whole))) == {"minEcts"}


def test_of_what_does_not_count_together_the_better_is_chosen(members):
    one, two, three = (members.offer(members.twente, ects) for ects in (5, 10, 5))
    whole = members.compose(
        members.twente,
        choices=[Choice([ref(members.twente, a) for a in (one, two, three)], min_ects=15)],
        excludes=[[ref(members.twente, one), ref(members.twente, two)]],
        min_ects=15,
    )
    worse = members.award(members.twente, one)
    members.award(members.twente, two, 10)
    members.award(members.twente, three)
    found = read(members, whole)
    assert (found.complete, why(found)) == (True, {worse: "excluded"})


def test_the_same_achievement_counts_once_and_what_is_to_spare_is_left(members):
    one, two = members.offer(members.twente), members.offer(members.twente, 2)
    whole = members.compose(
        members.twente, choices=[Choice([ref(members.twente, one), ref(members.twente, two)], min_ects=5)], min_ects=5
    )
    old = members.award(members.twente, one, awarding_date="2026-01-01")
    new = members.award(members.twente, one)
    spare = members.award(members.twente, two, 2)
    found = read(members, whole)
    assert set(counting(found)) == {("twente", new)}
    assert why(found) == {old: "duplicate", spare: "spare"}


def test_an_offer_says_by_which_agreement_or_assessment_it_would_count(members):
    named = members.offer(members.twente)
    agreed, assessed, plain = (
        members.offer(members.lund, title={"en": title}) for title in ("Agreed", "Assessed", "Plain")
    )
    whole = members.compose(
        members.twente, required=[ref(members.twente, named)], open=OpenElective(["06"], [], 30), min_ects=20
    )
    held = members.award(members.twente, named)
    agreement = members.agree(members.twente, members.lund, [agreed])
    statement = RecognitionAssessed(
        new_id(), VersionedRef("lund", assessed, 1), "stacking", "full", "recognised", "binding"
    )
    members.twente.seal(members.twente.line("recognition.assessed.v1", statement.assessment, statement))
    found = read(members, whole)
    assert set(counting(found)) == {("twente", held)}
    offered = {one.achievement: (one.basis, one.by) for one in gaps(found)["minEcts"].offers}
    assert offered == {
        agreed: ("agreement", f"twente/{agreement}"),
        assessed: ("assessment", f"twente/{statement.assessment}"),
        plain: ("composition", None),
    }
    assert len(gaps(read(members, whole, offers=2))["minEcts"].offers) == 2
    assert gaps(read(members, whole, offers=0))["minEcts"].offers == []


def test_what_stands_for_a_required_one_by_assessment_is_offered_for_it(members):
    named, other = members.offer(members.twente), members.offer(members.lund)
    whole = members.compose(members.twente, required=[ref(members.twente, named)], min_ects=5)
    members.award(members.twente, members.offer(members.twente, fields_of_education=["0222"]))
    statement = RecognitionAssessed(
        new_id(), VersionedRef("lund", other, 1), "stacking", "full", "recognised", "binding",
        towards=grant(towards=("twente", named)).towards,
    )  # fmt: skip
    members.twente.seal(members.twente.line("recognition.assessed.v1", statement.assessment, statement))
    offered = [(one.member, one.achievement) for one in gaps(read(members, whole))["required[0]"].offers]
    assert offered == [("twente", named), ("lund", other)]


def test_what_has_no_composition_and_whom_nobody_knows_are_told_apart(members):
    plain, whole = members.offer(members.twente), members.compose(members.twente, min_ects=5)
    with pytest.raises(NotComposed, match="no composition"):
        read(members, plain)
    with pytest.raises(NotComposed, match="no such achievement"):
        read(members, new_id())
    with pytest.raises(NotComposed, match="no such achievement"):
        read(members, whole, version=2)
    assert read(members, whole) is None
