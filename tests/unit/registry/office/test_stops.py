"""What an override covers."""

import re
from pathlib import Path

import msgspec

from registry.domain.case_events import Override
from registry.office.assessments import comparison
from registry.office.assessments.offered import Offered, Requirement
from registry.office.assessments.suggestion_facts import suggestion_facts
from registry.office.cases.stops import Stop, override_of, stops_not_overridden

TEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
READ = Stop("decidedBefore", 0, "case 1 decided about it", ("1", "full"))
NEW = Stop("decidedBefore", 0, "case 2 decided about it", ("2", "full"))
OFFERED = Offered(issuer="twente", member=True, title={"en": "AI"}, eqf_level=5, awarding_date="2020-01-31")


def test_an_override_covers_the_reason_that_was_read_and_no_other():
    override = override_of([READ], TEXT)
    assert override.against == ["decidedBefore:0"]
    assert stops_not_overridden([READ], override.against, override) == []
    [left] = stops_not_overridden([READ, NEW], override.against, override)
    assert left.detail == "case 2 decided about it (the reason changed since)"
    other = Stop("revoked", 1, "it is revoked")
    assert stops_not_overridden([READ, other], override.against, override) == [other]


def test_an_override_covers_the_same_reason_in_other_words():
    override = override_of([READ], TEXT)
    reworded = msgspec.structs.replace(READ, detail="it was decided in case 1")
    assert stops_not_overridden([reworded], override.against, override) == []


def test_every_difference_that_a_comparison_suggests_has_its_facts():
    source = Path(comparison.__file__).read_text()
    suggested = set(re.findall(r'Suggestion\(\s*"(\w+)"', source))
    assert len(suggested) > 10
    for difference in suggested:
        assert suggestion_facts(difference, OFFERED, Requirement(eqf_level=6)).startswith("[")


def test_the_facts_of_a_suggestion_are_the_values_that_it_compares():
    assert suggestion_facts("lowerLevel", OFFERED, Requirement(eqf_level=6)) == "[5,6]"
    assert suggestion_facts("outdated", OFFERED, Requirement(max_age_months=24)) == '["2020-01-31",24]'


def test_an_override_of_an_earlier_version_is_read_and_covers_its_keys():
    stored = f'{{"against":["decidedBefore:0"],"text":"{TEXT}"}}'.encode()
    override = msgspec.json.decode(stored, type=Override)
    assert msgspec.json.encode(override) == stored
    assert stops_not_overridden([NEW], override.against, override) == []
