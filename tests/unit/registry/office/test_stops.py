"""What an override covers."""

import msgspec

from registry.domain.case_events import Override
from registry.office.cases.stops import Stop, override_of, stops_not_overridden

TEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
READ = Stop("decidedBefore", 0, "case 1 decided about it")
NEW = Stop("decidedBefore", 0, "case 2 decided about it")


def test_an_override_covers_the_reason_that_was_read_and_no_other():
    override = override_of([READ], TEXT)
    assert override.against == ["decidedBefore:0"]
    assert stops_not_overridden([READ], override.against, override) == []
    [left] = stops_not_overridden([READ, NEW], override.against, override)
    assert left.detail == "case 2 decided about it (the reason changed since)"
    other = Stop("revoked", 1, "it is revoked")
    assert stops_not_overridden([READ, other], override.against, override) == [other]


def test_an_override_of_an_earlier_version_is_read_and_covers_its_keys():
    stored = f'{{"against":["decidedBefore:0"],"text":"{TEXT}"}}'.encode()
    override = msgspec.json.decode(stored, type=Override)
    assert msgspec.json.encode(override) == stored
    assert stops_not_overridden([NEW], override.against, override) == []
