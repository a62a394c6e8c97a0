"""Checks of an event of a case before it is stored: its credentials, corrections and form."""

from collections.abc import Collection
from typing import Any

import msgspec

from registry.domain.case_errors import NotCovered, UnknownSubject
from registry.domain.case_events import Corrected, Proposed
from registry.domain.errors import IllegalTransition, InvalidEvent
from registry.wire.forms import checker
from registry.wire.validation_messages import describe_error


def check_covered(data: Proposed, subjects: int, removed: Collection[int]) -> None:
    """Check that every credential of a case has a grant or is left out with a reason, and none has both.

    `subjects` is the number of credentials that the case has had, `removed` the numbers of those that were removed.
    Raises `NotCovered`, and `UnknownSubject` for a number that is not one of the case's.
    """
    granted = {index for grant in data.grants for index in grant.from_}
    left = [each.subject for each in data.left]
    if unknown := sorted(number for number in granted if number >= subjects):
        raise UnknownSubject(
            f"there is no credential {unknown[0]}; the case has {subjects}, counted from 0", "$.grants"
        )
    for number in left:
        if number >= subjects or number in removed:
            raise UnknownSubject(f"the case has no credential {number} that could be left out", "$.leave")
        if number in granted:
            raise UnknownSubject(f"credential {number} is left out, and a grant rests on it", "$.leave")
    if len(set(left)) < len(left):
        raise UnknownSubject("the same credential is left out twice", "$.leave")
    for number in sorted(granted & set(removed)):
        raise UnknownSubject(f"credential {number} was removed from the case", "$.grants")
    if missing := sorted(set(range(subjects)) - set(removed) - granted - set(left)):
        raise NotCovered(
            f"nothing is proposed on credential {', '.join(map(str, missing))} (the case has {subjects}, counted from"
            " 0): add a grant on it, or leave it out and say why",
            "$.grants",
        )


def check_correction(data: Corrected, subjects: int, removed: Collection[int]) -> None:
    """Check that a correction changes something and leaves the case a credential. Raises a refusal."""
    remaining = set(range(subjects)) - set(removed)
    for number in data.removed:
        if number not in remaining:
            raise UnknownSubject(f"the case has no credential {number} that could be removed", "$.remove")
    if not (remaining - set(data.removed)) and not data.added:
        raise UnknownSubject("a case needs at least one credential; withdraw the case instead", "$.remove")
    changes = (data.applicant, data.purpose, data.effect, data.added, data.removed)
    if data.towards is None and not any(changes):
        raise IllegalTransition("nothing would change: say what to correct", "$")


def check_readable(data: Any) -> None:  # noqa: ANN401 - any event of a case
    """Check that an event can be read again: no name is too long, each id is valid. Raises `InvalidEvent`."""
    kind: Any = type(data)
    try:
        msgspec.convert(msgspec.to_builtins(data), kind)
    except msgspec.ValidationError as error:
        raise InvalidEvent("schema", *describe_error(error, kind)) from error
    check = checker(kind)
    if check is not None and (fault := check(data)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
