"""What is not of its type is told by what belongs there."""

from datetime import date
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from registry.domain.case_events import Person
from registry.wire.achievements import AchievementContent
from registry.wire.misfits import misfit, told
from tests.bench.data import achievement

WHOLE = msgspec.to_builtins(achievement("twente", "0bbac7a9-a411-4809-ad9e-534f483b7a03"))


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    day: date | None = None
    who: Person | None = None
    many: Annotated[list[int], Meta(max_length=2)] = []
    either: Literal["left", "right"] | None = None


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"kind": "course"}, "$.kind", "'course' is none of microCredential, module, programme, degree"),
        ({"kind": 3}, "$.kind", "is a whole number, and is to be one of microCredential, module, programme, degree"),
        ({"title": {"en": 5}}, "$.title[...]", "is a whole number, and is to be a text"),
        ({"title": {"e n": "x"}}, "$.title", "a name in it is to be a language's code, as en or pt-BR"),
        ({"title": {}}, "$.title", "is to have 1 or more entries"),
        ({"fieldsOfEducation": ["6"]}, "$.fieldsOfEducation[0]", "is to be an ISCED-F code of 2 to 4 digits, as 0613"),
        ({"awardingBodies": ["T W"]}, "$.awardingBodies[0]", "is to be a member's name, as twente"),
        ({"eqfLevel": 9}, "$.eqfLevel", "is to be a whole number, at most 8"),
        ({"eqfLevel": "6"}, "$.eqfLevel", "is a text, and is to be a whole number"),
        ({"ects": "5"}, "$.ects", "is a text, and is to be a number"),
        ({"ects": -1}, "$.ects", "is to be a number, 0 or more"),
        ({"workloadHours": 0}, "$.workloadHours", "is to be a number, more than 0"),
        ({"workloadHours": -0.5}, "$.workloadHours", "is to be a number, more than 0"),
        ({"achievement": "x"}, "$.achievement", "is to be an id, a UUID in lower case"),
        ({"learningOutcomes": [{}]}, "$.learningOutcomes[0]", "lacks 'title'"),
        ({"creditBearing": "yes"}, "$.creditBearing", "is a text, and is to be true or false"),
        (
            {"qualityAssurance": [{"type": "internal", "agency": "x", "validUntil": "soon"}]},
            "$.qualityAssurance[0].validUntil",
            "is to be a date, as 2026-06-30",
        ),
        (
            {"composition": {"required": [], "choices": [], "minEcts": 0, "sharing": "x"}},
            "$.composition.sharing",
            "'x' is none of forbidden, allowed",
        ),
    ],
)
def test_what_belongs_in_a_place_is_said(change, path, says):
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(WHOLE | change, AchievementContent)
    assert misfit(raised.value, AchievementContent) == (path, says)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"day": "soon"}, "$.day: is to be a date, as 2026-06-30"),
        ({"day": 5}, "$.day: is to be a date, as 2026-06-30"),
        ({"who": "a\nb"}, "$.who: is to be a text without line breaks and control characters"),
        ({"who": "x" * 90}, "$.who: is to have at most 80 characters"),
        ({"many": [1, 2, 3]}, "$.many: is to have at most 2 entries"),
        ({"either": "up"}, "$.either: 'up' is none of left, right"),
        ({"ether": "left"}, "$: has no field 'ether'; there are day, who, many, either"),
        ([], "$: is a list, and is to be an object"),
    ],
)
def test_so_it_is_of_any_type(value, says):
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(value, Asked)
    assert told(raised.value, Asked) == says


def test_of_many_values_those_that_are_alike_are_named():
    many = Literal[("projectWork", *(letter * 9 for letter in "abcdefghijklmnopqrstuvwxyz"))]
    for given, says in (("projectwork", "is not known here; is it projectWork?"), ("---", "is not known here")):
        with pytest.raises(msgspec.ValidationError) as raised:
            msgspec.convert(given, many)
        assert told(raised.value, many) == f"$: {given!r} {says}"
