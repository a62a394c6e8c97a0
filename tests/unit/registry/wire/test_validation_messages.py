"""A value of another type is reported with what belongs there."""

from datetime import date
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from registry.domain.case_events import Person
from registry.wire.achievements import AchievementContent
from registry.wire.validation_messages import describe_error, format_error
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
        ({"kind": "course"}, "$.kind", "must be one of degree, microCredential, module, programme"),
        ({"kind": 3}, "$.kind", "must be text, and is a whole number"),
        ({"title": {"en": 5}}, "$.title[...]", "must be text, and is a whole number"),
        ({"title": {"e n": "x"}}, "$.title", "a name in it must be a language's tag (BCP 47), for example nl or en-GB"),
        ({"title": {}}, "$.title", "must not be empty"),
        ({"fieldsOfEducation": ["6"]}, "$.fieldsOfEducation[0]", "must be 2 to 4 digits such as 0613"),
        (
            {"awardingBodies": ["T W"]},
            "$.awardingBodies[0]",
            "must be a member's short name: 2 to 40 of a-z, 0-9 and -",
        ),
        ({"eqfLevel": 9}, "$.eqfLevel", "must be from 1 to 8"),
        ({"eqfLevel": "6"}, "$.eqfLevel", "must be a whole number or null, and is text"),
        ({"ects": "5"}, "$.ects", "must be a number or null, and is text"),
        ({"ects": -1}, "$.ects", "must be at least 0"),
        ({"workloadHours": 0}, "$.workloadHours", "must be more than 0"),
        ({"workloadHours": -0.5}, "$.workloadHours", "must be more than 0"),
        ({"achievement": "x"}, "$.achievement", "must be an id (UUID) in lower case"),
        ({"learningOutcomes": [{}]}, "$.learningOutcomes[0]", "lacks title"),
        ({"creditBearing": "yes"}, "$.creditBearing", "must be true or false, and is text"),
        (
            {"qualityAssurance": [{"type": "internal", "agency": "x", "validUntil": "soon"}]},
            "$.qualityAssurance[0].validUntil",
            "must be a date such as 2026-06-30",
        ),
        (
            {"composition": {"required": [], "choices": [], "minEcts": 0, "sharing": "x"}},
            "$.composition.sharing",
            "must be allowed or forbidden",
        ),
    ],
)
def test_what_belongs_in_a_place_is_said(change, path, says):
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(WHOLE | change, AchievementContent)
    assert describe_error(raised.value, AchievementContent) == (path, says)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"day": "soon"}, "$.day: must be a date such as 2026-06-30"),
        ({"day": 5}, "$.day: must be a date such as 2026-06-30 or null, and is a whole number"),
        ({"who": "a\nb"}, "$.who: must be text in one line, without control characters"),
        ({"who": "x" * 90}, "$.who: must have at most 80 characters"),
        ({"many": [1, 2, 3]}, "$.many: must have at most 2 entries"),
        ({"either": "up"}, "$.either: must be left or right"),
        ({"ether": "left"}, "$: ether is not a field here; there are day, either, many, who"),
        ([], "$: must be an object, and is a list"),
    ],
)
def test_so_it_is_of_any_type(value, says):
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(value, Asked)
    assert format_error(raised.value, Asked) == says


def test_of_many_values_those_that_are_alike_are_named():
    many = Literal[("projectWork", *(letter * 9 for letter in "abcdefghijklmnopqrstuvwxyz"))]
    for given, says in (("projectwork", "; is it projectWork?"), ("---", "")):
        with pytest.raises(msgspec.ValidationError) as raised:
            msgspec.convert(given, many)
        assert format_error(raised.value, many) == f"$: is not one of the allowed values{says}"
