"""Ids as people write them: whole, shortened to a beginning that is unique, or with the member before them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import typer

from projections.core import identifiers
from registry.application import private_ids
from registry.intake.course_codes import CourseCode, CourseCodes
from registry.learners.numbers import find_learner
from registry.log import GOVERNANCE

if TYPE_CHECKING:
    from registry.node.node import Node

SHORTEST: Final = 4
"""The fewest characters by which an id can be named."""
_FIRST: Final = re.compile(r"[0-9a-f]{4,8}|[0-9a-f]{8}-[0-9a-f-]{0,27}")
_LISTED: Final = 6


class IdNotFound(Exception):
    """No id, or several ids, begin like this, or nobody has this student number. The message lists candidates."""


class Ref(NamedTuple):
    """A member, and an id of its own."""

    member: str
    id: str


def resolve(node: "Node", text: str, what: str) -> str:
    """Return the whole id that a text names: the id, its beginning, or one of this node's own as MEMBER/ID.

    An achievement may be named by the university's own course code, too. Raises `typer.BadParameter`, `IdNotFound`.
    """
    if (code := _course(node, text, what)) is not None:
        return code.achievement
    member, slash, rest = text.rpartition("/")
    if slash and member == node.settings.member:
        text = rest
    elif slash:
        raise typer.BadParameter(
            f"{text!r} belongs to {member or 'nobody'}. Pass the id of {what} of {node.settings.member}."
        )
    return str(UUID(text)) if _is_whole(text) else find(node, text, what).id


def find(node: "Node", text: str, what: str, member: str | None = None) -> Ref:
    """Return what a text names: MEMBER/ID, or an id or its beginning.

    Without a member it is this node's own, if this node has such an id, else that of the only member that has it.

    Raises `typer.BadParameter`, `IdNotFound`.
    """
    own = node.settings.member
    if member in (None, own) and (code := _course(node, text, what)) is not None:
        return Ref(own, code.achievement)
    named, slash, rest = text.rpartition("/")
    if slash:
        if member is not None and named != member:
            raise typer.BadParameter(f"{text!r} is of {named or 'nobody'}, and --member says {member}.")
        member, text = named, rest
    if _is_whole(text):
        return Ref(member, str(UUID(text))) if member else _owner(node, str(UUID(text)), what)
    if member == own and (code := _course(node, text, what)) is not None:  # as MEMBER/CODE
        return Ref(own, code.achievement)
    if not _FIRST.fullmatch(text):
        raise typer.BadParameter(
            f"{text!r} is not the id of any {what}: a UUID, or its beginning of at least {SHORTEST} characters."
        )
    candidates = list(_candidates(node, text, what, member))
    if member is None and any(each.member == own for each in candidates):
        candidates = [each for each in candidates if each.member == own]
    if not candidates:
        whose = f" of {member}" if member else ""
        raise IdNotFound(f"No {what}{whose} that this node knows begins with {text}. Give more of it, or the whole id.")
    if len(candidates) > 1:
        names = ", ".join("/".join(each).lstrip("/") for each in candidates[:_LISTED])
        more = ", and more" if len(candidates) > _LISTED else ""
        raise IdNotFound(f"Several begin with {text}: {names}{more}. Give more of it.")
    return candidates[0]


def course_version(node: "Node", text: str) -> int | None:
    """Return the version of an achievement that a course code stands for; None where it stands for the newest one.

    None, too, where the text is not a course code of this university.
    """
    code = _course(node, text.removeprefix(f"{node.settings.member}/"), "achievement")
    return None if code is None else code.version


def _course(node: "Node", text: str, what: str) -> CourseCode | None:
    if what != "achievement" or node.settings.member == GOVERNANCE or _is_whole(text):
        return None
    return CourseCodes(node.registry).find(text)


def learner_of_student(node: "Node", student: str) -> str:
    """Return the id of the learner with a student number of this university. Raises `IdNotFound`."""
    match = find_learner(node.registry, student)
    if match is None:
        raise IdNotFound("No learner of this university has that student number.")
    return match.learner.learner


def _owner(node: "Node", identifier: str, what: str) -> Ref:
    """Return an id with its member: this node's own, unless the views know it as another member's alone."""
    owners = [each for each in _candidates(node, identifier, what, None) if each.member]
    own = node.settings.member
    if len(owners) == 1 or any(each.member == own for each in owners):
        return next((each for each in owners if each.member == own), owners[0])
    return Ref(own, identifier)


def may_begin(text: str) -> bool:
    """Return True if a text can be the beginning of an id."""
    return _FIRST.fullmatch(text) is not None and not _is_whole(text)


def _is_whole(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _candidates(node: "Node", first: str, what: str, member: str | None) -> Iterator[Ref]:
    """Yield the ids that this node knows, at most a few for each member. Private ids have no member."""
    digits = first.replace("-", "")
    low, high = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    if what in identifiers.PUBLISHED:
        yield from (Ref(*each) for each in identifiers.between(node.views(), what, low, high, member))
        return
    matches = identifiers.learners_between(node.views(), low, high) if what == "learner" else set()
    if what in private_ids.PRIVATE and node.settings.member != GOVERNANCE:
        matches |= private_ids.find_between(node.registry.cursor(), what, low, high)
    yield from (Ref("", each) for each in sorted(matches))
