"""Parts are compared with the views before a larger credential is issued; what passes is never flagged afterwards."""

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.core import views
from projections.credentials import credentials
from projections.relations.compositions import UNMET
from projections.stacking import progress
from projections.stacking.stack_check import PlannedCredential, find_breaches
from registry.wire.achievements import Choice, LevelShare, OpenElective, SharingLimit
from registry.wire.credentials import CountedBy
from tests.support.stacks import Members, grant, part, ref
from tests.support.streams import new_id

DAY = date(2026, 8, 31)


@pytest.fixture(scope="module")
def connection(postgres):
    with views.connect(postgres.dsn("stack_check")) as opened:
        views.create(opened)
        yield opened


@pytest.fixture
def members(connection):
    return Members(connection)


def codes(members, achievement, *parts, learner=None, replaces=None, version=1):
    members.see()
    wanted = PlannedCredential(("twente", achievement), version, learner or members.learner, DAY, parts, replaces)
    return [(one.code, one.path) for one in find_breaches(members.connection, wanted)]


def test_parts_that_satisfy_the_composition_have_nothing_against_them(members):
    own, elsewhere = members.offer(members.twente), members.offer(members.lund)
    whole = members.compose(members.twente, required=[ref(members.twente, own)], min_ects=9)
    first = members.award(members.twente, own)
    second = members.award(members.lund, elsewhere)
    decision = members.decide(members.twente, members.lund, second, elsewhere, grant("partial", 4, ("twente", whole)))
    agreement = members.agree(
        members.twente, members.lund, [elsewhere], towards=grant(towards=("twente", whole)).towards
    )
    for by in (CountedBy("twente", decision), CountedBy("twente", agreement=agreement)):
        assert codes(members, whole, part(members.twente, first), part(members.lund, second, 4, by)) == []


def test_each_thing_that_speaks_against_parts_is_named_with_its_place(members):
    own, elsewhere = members.offer(members.twente), members.offer(members.lund)
    large = members.offer(members.lund, 10)
    whole = members.compose(members.twente, open=OpenElective([], [], 60), min_ects=0)
    mine, others = (members.award(members.lund, elsewhere, learner=one) for one in (None, new_id()))
    revoked, expired, inner = (
        members.award(members.lund, elsewhere, valid_until=day) for day in (None, "2026-07-01", None)
    )
    impaired = members.award(members.lund, large, 10, parts=[part(members.lund, inner)])
    members.lund.seal(members.lund.revoke(revoked), members.lund.revoke(inner))
    unknown = new_id()
    asked = [(mine, 5), (others, 5), (revoked, 5), (expired, 5), (impaired, 10), (unknown, 5), (mine, 6)]
    assert codes(members, whole, *(part(members.lund, one, ects) for one, ects in asked)) == [
        ("learner-mismatch", "parts[1]"),
        ("not-active", "parts[2]"),
        ("not-active", "parts[3]"),
        ("impaired", "parts[4]"),
        ("pending", "parts[5]"),
        ("ects", "parts[6].ects"),
    ]
    missing = CountedBy("twente", new_id())
    assert codes(members, whole, part(members.lund, mine, 5, missing)) == [("by", "parts[0].by")]
    members.lund.seal(members.lund.erase(members.learner))
    assert codes(members, whole, part(members.lund, mine)) == [("learner-mismatch", "parts[0]")]
    assert codes(members, own, part(members.lund, mine)) == [("not-composed", "parts")]
    assert codes(members, whole, part(members.lund, mine), version=2) == [("pending", "achievement")]


def test_a_part_counts_once_beside_one_that_holds_it(members):
    small, large = members.offer(members.twente), members.offer(members.twente, 15)
    whole = members.compose(members.twente, open=OpenElective([], [], 60), min_ects=15)
    inner = members.award(members.twente, small)
    outer = members.award(members.twente, large, 15, parts=[part(members.twente, inner)])
    both = part(members.twente, inner), part(members.twente, outer, 15)
    assert codes(members, whole, *both) == [("ects", "parts[1].ects")]
    assert codes(members, whole, part(members.twente, inner), part(members.twente, outer, 10)) == []


def test_a_stack_that_corrects_another_shares_nothing_with_it(members):
    small = members.offer(members.twente)
    whole = members.compose(members.twente, required=[ref(members.twente, small)], sharing="forbidden", min_ects=5)
    inner = members.award(members.twente, small)
    first = members.award(members.twente, whole, 30, parts=[part(members.twente, inner)])
    assert codes(members, whole, part(members.twente, inner)) == [("sharing", "parts")]
    assert codes(members, whole, part(members.twente, inner), replaces=first) == []


def scene(members, chance):
    """A learner with some credentials, and a programme that some of them count towards."""
    universities = [members.twente, members.lund, members.aveiro]
    offered = []
    for _ in range(chance.randint(2, 5)):
        university, ects = chance.choice(universities), chance.choice([2.5, 5, 10])
        level, field = chance.choice([6, 7]), chance.choice(["061", "022"])
        achievement = members.offer(university, ects, eqf_level=level, fields_of_education=[field])
        offered.append((university, achievement, ects))
    refs = [ref(university, achievement) for university, achievement, _ in offered]
    maybe = chance.random
    whole = members.compose(
        members.twente,
        required=refs[:1] if maybe() < 0.5 else [],
        choices=[Choice(refs, min_count=1)] if maybe() < 0.5 else [],
        open=OpenElective(["06"], [], 20) if maybe() < 0.5 else None,
        min_ects=chance.choice([0, 5, 10]),
        min_own_ects=5 if maybe() < 0.2 else None,
        max_credited_ects=5 if maybe() < 0.3 else None,
        min_ects_at_level=[LevelShare(7, 5)] if maybe() < 0.2 else None,
        excludes=[refs[:2]] if maybe() < 0.3 else None,
        sharing=chance.choice(["forbidden", "allowed", SharingLimit(5)]),
        max_age_months=12 if maybe() < 0.3 else None,
    )
    learner, held = new_id(), []
    for university, achievement, ects in offered:
        day = chance.choice(["2025-03-01", "2026-03-01", "2026-03-01"])
        inner = [part(*chance.choice(held), ects=2)] if held and maybe() < 0.3 else None
        credential = members.award(university, achievement, ects, learner=learner, awarding_date=day, parts=inner)
        held.append((university, credential))
        if university is not members.twente and maybe() < 0.5:
            towards = chance.choice([None, ("twente", whole), ("twente", offered[0][1])])
            members.decide(members.twente, university, credential, achievement, grant("partial", 2, towards))
    if maybe() < 0.3:
        university, credential = chance.choice(held)
        university.seal(university.suspend(credential))
    return whole, learner


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_what_progress_calls_complete_passes_the_check_and_is_never_flagged(connection, seed):
    members, chance = Members(connection), random.Random(seed)
    scenes = [scene(members, chance) for _ in range(25)]
    members.see()
    issued = []
    for whole, learner in scenes:
        found = progress.read(connection, learner, ("twente", whole), on=DAY)
        wanted = PlannedCredential(("twente", whole), 1, learner, DAY, found.list_parts(), None)
        against = list(find_breaches(connection, wanted))
        assert ([one.code for one in against] == []) == found.complete, (against, found)
        issued.append((members.award(
            members.twente, whole, 30, learner=learner, awarding_date=DAY.isoformat(), parts=found.list_parts()
        ), found.complete))  # fmt: skip
    members.see()
    assert any(complete for _, complete in issued)
    for view in credentials.read(connection, [("twente", credential) for credential, _ in issued]):
        assert (UNMET in view.flags) != dict(issued)[view.credential], view


def test_a_part_that_another_member_stacks_too_may_still_be_used_and_one_of_the_issuer_may_not(members):
    module = members.offer(members.twente)
    whole = members.compose(members.twente, required=[ref(members.twente, module)], min_ects=5, sharing="forbidden")
    own = members.award(members.twente, module)
    stack = members.award(members.twente, whole, 30, parts=[part(members.twente, own)])
    theirs = members.offer(members.aveiro)
    taken = members.award(members.aveiro, theirs, learner=new_id(), parts=[part(members.twente, own)])
    members.see()
    [shown] = credentials.read(members.connection, [("twente", stack)])
    assert (shown.flags, shown.unmet) == ([], [])
    wanted = PlannedCredential(("twente", whole), 1, members.learner, DAY, [part(members.twente, own)], stack)
    assert find_breaches(members.connection, wanted) == []
    members.twente.seal(members.twente.revoke(stack))
    members.see()
    found = progress.read(members.connection, members.learner, ("twente", whole), on=DAY)
    assert (found.complete, [one.also_counted_in for one in found.parts]) == (True, [[f"aveiro/{taken}"]])
    other = members.award(members.twente, whole, 30, parts=[part(members.twente, own)])
    members.see()
    assert {one.code for one in find_breaches(members.connection, wanted._replace(replaces=None))} == {"sharing"}
    found = progress.read(members.connection, members.learner, ("twente", whole), on=DAY)
    assert {one.credential: one.why for one in found.left}[own] == "used"
    assert f"twente/{other}" in found.held
