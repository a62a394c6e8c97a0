"""Agreements that repeat what another one of the office says."""

import msgspec
import pytest

from registry.application.recognition import is_repeated
from registry.wire.recognition import AgreementDeclared


def declared(**changes):
    """An agreement for the year 2026, with these fields changed."""
    values = {
        "agreement": "0bbac7a9-a411-4809-ad9e-534f483b7a03",
        "with": "lund",
        "achievements": {"eqfLevels": [6, 7]},
        "purpose": "creditTransfer",
        "outcome": "full",
        "ectsRatio": 1,
        "includeRevisions": True,
        "validFrom": "2026-01-01",
        "validUntil": "2026-12-31",
    }
    values = values | {"agreement": "5d1b1a3e-6a1c-4f5b-8a52-1f0f4b3c2d10"} | changes if changes else values
    return msgspec.convert({name: value for name, value in values.items() if value is not None}, AgreementDeclared)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"validFrom": "2026-01-01"}, True),
        ({"validFrom": "2026-03-01", "validUntil": "2026-06-30"}, True),
        ({"validFrom": "2025-12-31"}, False),
        ({"validUntil": "2027-12-31"}, False),
        ({"validUntil": None}, False),
        ({"outcome": "partial"}, False),
        ({"ectsRatio": 0.5}, False),
        ({"achievements": {"eqfLevels": [6]}}, False),
        ({"with": "delft"}, False),
    ],
)
def test_an_agreement_is_repeated_where_another_says_it_for_all_of_its_days(changes, is_same):
    assert is_repeated(declared(**changes), declared()) is is_same


def test_an_agreement_that_was_ended_can_be_declared_again():
    new = declared(validUntil="2026-06-30")
    assert is_repeated(new, declared(), "2026-07-01")
    assert not is_repeated(new, declared(), "2026-06-30")
