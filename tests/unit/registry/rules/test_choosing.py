"""What is chosen of candidates is judged by the rule that flags what is issued: it never says more than that does."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from registry.rules.choosing import Chooser
from registry.rules.compositions import Part, unmet
from registry.wire.achievements import Choice, Composition, LevelShare, OpenElective, SharingLimit
from registry.wire.forms import Ref

AWARDED = date(2026, 8, 31)
ACHIEVEMENTS = [("twente", f"{n}0000000-0000-4000-8000-000000000000") for n in "abcd"] + [
    ("lund", f"{n}0000000-0000-4000-8000-000000000000") for n in "ef"
]
refs = st.sampled_from([Ref(*key) for key in ACHIEVEMENTS])
several = st.lists(refs, min_size=1, max_size=3, unique_by=lambda ref: ref.achievement)
ects = st.sampled_from([2.5, 5, 10])
choices = st.one_of(st.builds(Choice, several, min_ects=ects), st.builds(Choice, several, min_count=st.integers(1, 2)))
compositions = st.builds(
    Composition,
    required=st.lists(refs, max_size=2),
    choices=st.lists(choices, max_size=2),
    min_ects=st.sampled_from([0, 5, 12, 20]),
    sharing=st.one_of(st.sampled_from(["forbidden", "allowed"]), st.builds(SharingLimit, ects)),
    open=st.none() | st.builds(OpenElective, st.just(["06"]), st.sampled_from([[], [7]]), ects),
    capstone=st.none() | refs,
    min_own_ects=st.none() | ects,
    max_credited_ects=st.none() | ects,
    min_ects_at_level=st.none() | st.just([LevelShare(7, 5)]),
    excludes=st.none() | st.lists(several, max_size=2),
    max_age_months=st.none() | st.just(12),
)


@st.composite
def parts(draw):
    member, achievement = draw(st.sampled_from(ACHIEVEMENTS))
    recognised = member != "twente" and draw(st.booleans())
    return Part(
        member,
        achievement,
        1,
        draw(st.sampled_from([("061",), ("022",)])),
        draw(st.sampled_from([6, 7])),
        Decimal(str(draw(ects))),
        draw(st.dates(date(2025, 1, 1), date(2026, 12, 31))),
        recognised,
        draw(st.booleans()),
        draw(st.sampled_from([frozenset(), frozenset(ACHIEVEMENTS[:1])])) if recognised else frozenset(),
        recognised and draw(st.booleans()),
    )


@given(compositions, st.lists(parts(), max_size=8), st.data())
def test_a_choice_is_what_the_rule_says_of_it_and_no_more_than_is_needed(composition, candidates, data):
    contained = {}
    for place in range(1, len(candidates)):
        if data.draw(st.booleans()):
            own = data.draw(st.sets(st.integers(0, place - 1), max_size=2))
            contained[place] = frozenset(own.union(*(contained.get(one, ()) for one in own)))  # however deep
    chooser = Chooser(composition, "twente", AWARDED, candidates, contained)
    chosen = chooser.choose()
    assert chosen.unmet == unmet(composition, "twente", AWARDED, chosen.parts.values())
    assert chosen.parts.keys() | chosen.left.keys() == set(range(len(candidates)))
    assert not chosen.parts.keys() & chosen.left.keys()
    for place, part in chosen.parts.items():
        assert 0 <= part.ects <= candidates[place].ects
    if not chosen.unmet:
        fewest = chooser.fewest(chosen)
        assert fewest.keys() <= chosen.parts.keys()
        assert unmet(composition, "twente", AWARDED, fewest.values()) == []


def part(achievement=0, **more):
    member, identifier = ACHIEVEMENTS[achievement]
    values = {
        "fields": ("061",), "eqf_level": 6, "ects": Decimal(5), "awarded": date(2026, 3, 1), "by_recognition": False,
        "shared": False, **more,
    }  # fmt: skip
    return Part(member, identifier, 1, **values)


def test_what_a_credential_and_a_part_of_its_own_bring_is_counted_once():
    composition = Composition([Ref(*ACHIEVEMENTS[0]), Ref(*ACHIEVEMENTS[1])], [], 0, "allowed")
    candidates = [part(0), part(1, ects=Decimal(15))]
    chosen = Chooser(composition, "twente", AWARDED, candidates, {1: frozenset([0])}).choose()
    assert {place: one.ects for place, one in chosen.parts.items()} == {0: 5, 1: 10}


def test_many_groups_that_exclude_themselves_end_all_the_same():
    group = [Ref(*key) for key in ACHIEVEMENTS]
    composition = Composition([], [Choice(group, min_ects=5)], 5, "allowed", excludes=[group] * 12)
    chosen = Chooser(composition, "twente", AWARDED, [part(n) for n in range(6)], {}).choose()
    assert chosen.unmet == []
    assert len(chosen.parts) == 1
