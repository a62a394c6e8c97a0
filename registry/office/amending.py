"""What an amended decision changes: the grants before and after, part by part. Pure."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from registry.wire.recognition import Grant, RecognitionDecided

ChangedPart = Literal["outcome", "ects", "eqfLevel", "mode", "towards", "grounds", "conditions", "credentials"]
_PARTS: tuple[tuple[ChangedPart, str], ...] = (
    ("outcome", "outcome"), ("ects", "ects"), ("eqfLevel", "eqf_level"), ("mode", "mode"), ("towards", "towards"),
    ("grounds", "grounds"), ("conditions", "conditions"), ("credentials", "from_"),
)  # fmt: skip


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """One part of one grant that is another one now."""

    grant: int
    """Its place in the decisions, from 0."""
    part: ChangedPart
    before: Any
    """None where there was nothing."""
    after: Any


def changes_between(before: RecognitionDecided, after: RecognitionDecided) -> list[Change]:
    """Return what is another in a decision than in the one before it, grant by grant in their order."""
    found: list[Change] = []
    for place in range(max(len(before.grants), len(after.grants))):
        old, new = _at(before.grants, place), _at(after.grants, place)
        for part, name in _PARTS:
            if part == "credentials":
                values = _bases(before, old), _bases(after, new)
            else:
                values = getattr(old, name, None), getattr(new, name, None)
            if values[0] != values[1]:
                found.append(Change(place, part, *(msgspec.to_builtins(value) for value in values)))
    return found


def _at(grants: Sequence[Grant], place: int) -> Grant | None:
    return grants[place] if place < len(grants) else None


def _bases(data: RecognitionDecided, grant: Grant | None) -> list[Any] | None:
    """What a grant rests on: by achievement or title, since digests differ each time."""
    if grant is None:
        return None
    return [
        msgspec.to_builtins(data.basis[number].external or data.basis[number].achievement) for number in grant.from_
    ]


def sentence(change: Change) -> str:
    """Say a change in one sentence, for the office."""
    return f"grant {change.grant}: {change.part} was {_said(change.before)}, and is {_said(change.after)} now"


def _said(value: Any) -> str:  # noqa: ANN401 - a part of a grant
    return "not stated" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
