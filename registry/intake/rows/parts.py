"""Parts of a larger credential, written in one field: `MEMBER/CREDENTIAL:ECTS`, separated by spaces.

A decision or an agreement that lets a part count follows it: `MEMBER/CREDENTIAL:ECTS:decision:MEMBER/ID`.
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
    """Return the parts that a field names, or its fault."""
    parts = []
    for number, word in enumerate(text.split(), 1):
        match = _PART.fullmatch(word)
        if match is None:
            return f"part {number} is not {FORM}; separate several by spaces"
        by = None
        if match["kind"] is not None:
            decision, agreement = (match["id"], None) if match["kind"] == "decision" else (None, match["id"])
            by = CountedBy(match["by"], decision, agreement)
        ects = float(match["ects"])
        parts.append(Part(match["member"], match["credential"], int(ects) if ects == int(ects) else ects, by))
    return parts


def write(parts: list[Part]) -> str:
    """Return parts as the field that `parse` reads."""
    return " ".join(map(_write_part, parts))


def _write_part(part: Part) -> str:
    text = f"{part.member}/{part.credential}:{part.ects}"
    if part.by is None:
        return text
    kind = "agreement" if part.by.decision is None else "decision"
    return f"{text}:{kind}:{part.by.member}/{part.by.decision or part.by.agreement}"
