"""A composition: what satisfies it, and what each of its demands says when it is not met."""

from datetime import date
from decimal import Decimal

import pytest

from registry.rules.compositions import Part, unmet
from registry.wire.achievements import Choice, Composition, LevelShare, OpenElective, SharingLimit
from registry.wire.forms import Ref

A, B, C, D = (f"{n}0000000-0000-4000-8000-000000000000" for n in "abcd")
AWARDED = date(2026, 8, 31)


def ref(achievement, **more):
    return Ref("twente", achievement, **more)


def part(achievement=A, *, member="twente", version=1, fields=("061",), level=6, ects="5", **more):
    awarded = more.pop("awarded", date(2026, 3, 1))
    return Part(
        member,
        achievement,
        version,
        fields,
        level,
        Decimal(ects),
        awarded,
        more.get("by", False),
        more.get("shared", False),
    )


def composition(**more):
    given = {"required": [ref(A)], "choices": [], "min_ects": 5, "sharing": "allowed", **more}
    return Composition(**given)


def breaches(asked, *parts):
    return [breach.requirement for breach in unmet(asked, "twente", AWARDED, parts)]


def test_parts_that_satisfy_everything_leave_nothing_unmet():
    asked = composition(
        choices=[Choice([ref(B), ref(C)], min_count=1)],
        open=OpenElective(["06"], [6, 7], 5),
        capstone=ref(D),
        min_ects=20,
        min_own_ects=15,
        min_ects_at_level=[LevelShare(7, 5)],
        excludes=[[ref(B), ref(C)]],
        max_credited_ects=5,
        max_age_months=12,
        sharing="forbidden",
    )
    elsewhere = part("e0000000-0000-4000-8000-000000000000", member="dcu")
    assert breaches(asked, part(A), part(B), part(D, level=7), elsewhere) == []


@pytest.mark.parametrize(
    ("more", "parts", "breached"),
    [
        ({}, [], ["required[0]", "minEcts"]),
        ({"required": [ref(A, min_version=2)]}, [part(A)], ["required[0]", "minEcts"]),
        ({"required": [ref(A, min_version=2)]}, [part(A, version=3)], []),
        ({"capstone": ref(D)}, [part(A)], ["capstone"]),
        ({"choices": [Choice([ref(B)], min_ects=6)]}, [part(A), part(B)], ["choices[0].minEcts"]),
        ({"choices": [Choice([ref(B), ref(C)], min_count=2)]}, [part(A), part(B)], ["choices[0].minCount"]),
        ({"min_ects": 7.5}, [part(A), part(B)], ["minEcts"]),  # B is neither named nor elective
        ({"min_ects": 8, "open": OpenElective(["061"], [], 2.5)}, [part(A), part(B)], ["minEcts"]),
        ({"min_ects": 7.5, "open": OpenElective(["061"], [], 2.5)}, [part(A), part(B)], []),
        ({"min_ects": 10, "open": OpenElective(["05"], [], 30)}, [part(A), part(B)], ["minEcts"]),
        ({"min_ects": 10, "open": OpenElective([], [7], 30)}, [part(A), part(B)], ["minEcts"]),
        ({"min_own_ects": 5}, [part(A, by=True)], ["minOwnEcts"]),
        ({"max_credited_ects": 4}, [part(A, by=True)], ["maxCreditedEcts"]),
        ({"min_ects_at_level": [LevelShare(7, 5)]}, [part(A)], ["minEctsAtLevel[7]"]),
        ({"excludes": [[ref(A), ref(B)]]}, [part(A), part(B)], ["excludes[0]"]),
        ({"sharing": "forbidden"}, [part(A, shared=True)], ["sharing"]),
        ({"sharing": SharingLimit(4)}, [part(A, shared=True)], ["sharing"]),
        ({"sharing": SharingLimit(5)}, [part(A, shared=True)], []),
        ({"max_age_months": 6}, [part(A)], []),
        ({"max_age_months": 6}, [part(A, awarded=date(2026, 2, 27))], ["maxAgeMonths"]),
        ({"max_age_months": 10**6}, [part(A)], []),
    ],
)
def test_each_demand_is_named_when_it_is_not_met(more, parts, breached):
    assert breaches(composition(**more), *parts) == breached
