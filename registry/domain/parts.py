"""Parts that are to be stacked into a larger credential, and their breaches, found before it is issued.

A breach in the university's own stream is always refused. One that depends on other members' streams, or on the
composition, would only be a flag on the log: it is refused too, unless the clerk overrides it by its code.
"""

from collections.abc import Callable, Collection
from typing import Protocol

import msgspec

from registry.rules.credentials import Credential
from registry.wire.credentials import CredentialIssued, Part


class Breach(msgspec.Struct, frozen=True, gc=False):
    """A reason not to count a part, or not to issue the whole."""

    code: str
    """The word that overrides it, for example `minOwnEcts` or `pending`."""
    detail: str
    path: str
    """The place in the request, for example `parts[0].by`."""


class StackRequest(msgspec.Struct, frozen=True, gc=False):
    """A larger credential that is to be issued, with its parts."""

    achievement: str
    version: int
    learner: str
    awarding_date: str
    parts: list[Part]
    replaces: str | None


class PartChecker(Protocol):
    """A port onto the views, which know other members' credentials and compositions."""

    def find_breaches(self, request: StackRequest) -> list[Breach]:
        """Return the breaches of these parts, at the views' position; empty where there are none."""
        ...


def check_parts(
    data: CredentialIssued,
    member: str,
    own: Callable[[str], Credential | None],
    checker: PartChecker | None,
    override: Collection[str],
) -> tuple[Breach, ...]:
    """Return the breaches of the parts of a credential that `member` is to issue, but for those that `override` names.

    `own` returns this member's own credentials by their ids. Without `checker` only these are looked at.
    """
    parts = data.parts or []
    keys = [(part.member, part.credential) for part in parts]
    hard = [
        Breach("part-twice", "this part is listed twice", f"parts[{place}]")
        for place, key in enumerate(keys)
        if key in keys[:place]
    ]
    for place, part in enumerate(parts):
        if part.member == member and (fault := _own_fault(own(part.credential), data.learner)) is not None:
            hard.append(Breach(*fault, f"parts[{place}]"))
    if checker is None:
        return tuple(hard)
    request = StackRequest(data.achievement, data.version, data.learner, data.awarding_date, parts, data.replaces)
    refused = {breach.path for breach in hard}
    soft = (
        breach
        for breach in checker.find_breaches(request)
        if breach.code not in override and breach.path not in refused
    )
    return (*hard, *soft)


def _own_fault(state: Credential | None, learner: str) -> tuple[str, str] | None:
    if state is None:
        return "unknown-credential", "no such credential was issued here"
    if state.learner != learner:
        return "learner-mismatch", "it belongs to another learner"
    if state.status != "active":
        return "not-active", f"it is {state.status}"
    return None


def list_breaches(breaches: Collection[Breach]) -> str:
    """Return the breaches in one line."""
    return "; ".join(f"{breach.path}: {breach.detail} ({breach.code})" for breach in breaches)
