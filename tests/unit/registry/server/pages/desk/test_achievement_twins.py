"""Achievements that readers cannot tell from each other."""

from decimal import Decimal
from types import SimpleNamespace

from registry.server.pages.desk.achievement_twins import find_twins


def achievement(identifier, **more):
    values = {"title": {"en": "Water Management"}, "ects": 5, "eqf_level": 6, "retired": False}
    return SimpleNamespace(achievement=identifier, **{**values, **more})


def test_the_same_title_in_one_language_level_and_credits_make_a_twin():
    offers = [
        achievement("twin", title={"nl": "Waterbeheer", "en": "water  management"}, ects=Decimal("5.0")),
        achievement("self"),
        achievement("other level", eqf_level=7),
        achievement("other credits", ects=Decimal("2.5")),
        achievement("no credits", ects=None),
        achievement("other title", title={"en": "Water"}),
        achievement("over", retired=True),
    ]
    assert [offer.achievement for offer in find_twins(achievement("self"), offers)] == ["twin"]


def test_without_credits_the_twin_has_none_either():
    offers = [achievement("twin", ects=None), achievement("other")]
    assert [offer.achievement for offer in find_twins(achievement("new", ects=None), offers)] == ["twin"]
