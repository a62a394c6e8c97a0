"""Parts that are to be stacked into a larger credential, and what speaks against them before it is issued.

What a university's own stream has against its own credentials is refused in any case. What rests on others' streams,
or on the composition, would be no more than a flag on the log: it is refused too, unless whoever issues names it.
"""

from collections.abc import Callable, Collection
from typing import Protocol

import msgspec

from registry.rules.credentials import Credential
from registry.wire.credentials import CredentialIssued, Part


class Breach(msgspec.Struct, frozen=True, gc=False):
    """One thing that speaks against parts."""

    code: str
    """What to name to go on in spite of it, as `minOwnEcts` or `pending`."""
    detail: str
    path: str
    """Where in the request, as `parts[0].by`."""


class Stacked(msgspec.Struct, frozen=True, gc=False):
    """A larger credential that is to be issued, with its parts."""

    achievement: str
    version: int
    learner: str
    awarding_date: str
    parts: list[Part]
    replaces: str | None


class PartsKnown(Protocol):
    """What the read views know of parts: a port, since the private side knows no view."""

    def breaches(self, stacked: Stacked) -> list[Breach]:
        """All that speaks against these parts, as far as the views have come; empty where nothing does."""
        ...


def against(
    data: CredentialIssued,
    member: str,
    own: Callable[[str], Credential | None],
    known: PartsKnown | None,
    override: Collection[str],
) -> tuple[Breach, ...]:
    """All that speaks against the parts of a credential that `member` is to issue, but for what `override` names.

    `own` gives this member's own credentials by their ids. Without `known` these alone are looked at.
    """
    parts = data.parts or []
    keys = [(part.member, part.credential) for part in parts]
    hard = [
        Breach("part-twice", "it stands there twice", f"parts[{place}]")
        for place, key in enumerate(keys)
        if key in keys[:place]
    ]
    for place, part in enumerate(parts):
        if part.member == member and (fault := _own_fault(own(part.credential), data.learner)) is not None:
            hard.append(Breach(*fault, f"parts[{place}]"))
    if known is None:
        return tuple(hard)
    asked = Stacked(data.achievement, data.version, data.learner, data.awarding_date, parts, data.replaces)
    refused = {breach.path for breach in hard}
    soft = (one for one in known.breaches(asked) if one.code not in override and one.path not in refused)
    return (*hard, *soft)


def _own_fault(state: Credential | None, learner: str) -> tuple[str, str] | None:
    if state is None:
        return "unknown-credential", "no such credential was issued here"
    if state.learner != learner:
        return "learner-mismatch", "it is another learner's"
    if state.status != "active":
        return "not-active", f"it is {state.status}"
    return None


def told(breaches: Collection[Breach]) -> str:
    """All of them in one line."""
    return "; ".join(f"{one.path}: {one.detail} ({one.code})" for one in breaches)
