"""Parts of a larger credential, written in one field: `MEMBER/CREDENTIAL:ECTS`, separated by spaces.

What lets one count stands behind it: `MEMBER/CREDENTIAL:ECTS:decision:MEMBER/ID`, or `agreement` in its place.
"""

import re
from typing import Final

from registry.wire.credentials import CountedBy, Part
from registry.wire.forms import MEMBER, UUID_PATTERN

_UUID: Final = UUID_PATTERN.strip("^$")
_PART: Final = re.compile(
    rf"(?P<member>{MEMBER})/(?P<credential>{_UUID}):(?P<ects>[0-9]{{1,6}}(\.[0-9]{{1,2}})?)"
    rf"(:(?P<kind>decision|agreement):(?P<by>{MEMBER})/(?P<id>{_UUID}))?"
)
FORM: Final = "MEMBER/CREDENTIAL:ECTS, and where one counts by it :decision:MEMBER/ID or :agreement:MEMBER/ID"


def parse(text: str) -> list[Part] | str:
    """Return the parts that a field names, or what is wrong with it."""
    parts = []
    for number, one in enumerate(text.split(), 1):
        found = _PART.fullmatch(one)
        if found is None:
            return f"part {number} is not {FORM}; separate several by spaces"
        by = None
        if found["kind"] is not None:
            decision, agreement = (found["id"], None) if found["kind"] == "decision" else (None, found["id"])
            by = CountedBy(found["by"], decision, agreement)
        ects = float(found["ects"])
        parts.append(Part(found["member"], found["credential"], int(ects) if ects == int(ects) else ects, by))
    return parts
