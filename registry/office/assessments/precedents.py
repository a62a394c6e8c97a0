"""Precedents about what no member issued: this office's own decisions, found by institution, country and title.

They are on this office's own log. Names are compared without case, accents and punctuation (`comparison_key`).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from registry.office.ports import CredentialLookup, OwnDecision
from registry.values.persons import comparison_key
from registry.wire.recognition import External, Grant, Purpose

MAX_SEARCHED: Final = 20_000
"""How many of the office's own decisions one search looks at, the newest first."""
_SHOWN: Final = 3


class ForeignPrecedents(msgspec.Struct, frozen=True, rename="camel"):
    """The office's own decisions that match, the newest first."""

    items: list[OwnDecision]
    outcomes: dict[str, int]
    """How many of those in force have each outcome."""
    complete: bool
    """Whether all of the office's decisions were looked at."""


def find_precedents(
    lookup: CredentialLookup, institution: str | None = None, country: str | None = None, title: str | None = None
) -> ForeignPrecedents:
    """Return this office's decisions about what no member issued.

    `institution` and `title` are words: each must begin a word of the name. "OsloMet" finds "Oslo Met", too.
    """
    decisions = lookup.list_external_decisions(MAX_SEARCHED + 1)
    items = [
        one
        for one in decisions[:MAX_SEARCHED]
        if _matches(institution, one.issuer_name)
        and (country is None or one.country == country)
        and _matches(title, one.title)
    ]
    outcomes: dict[str, int] = {}
    for one in items:
        for outcome in one.outcomes if one.state == "inForce" else ():
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return ForeignPrecedents(items, outcomes, len(decisions) <= MAX_SEARCHED)


def foreign_notes(
    lookup: CredentialLookup, number: int, external: External, purpose: Purpose, grants: Sequence[Grant]
) -> list[str]:
    """Return in sentences where grants on a case's credential depart from what this office decided before.

    First what was decided on the same title of the same institution counts, else what was decided on the institution.
    """
    decided = [
        one
        for one in lookup.list_external_decisions(MAX_SEARCHED)
        if one.state == "inForce"
        and one.country == external.country
        and _same(one.issuer_name, external.issuer_name)
        and one.purpose == purpose
    ]
    same_title = [one for one in decided if _same(one.title, external.title)]
    precedents = same_title or decided
    what = f"credential {number} ({external.title}, {external.issuer_name})"
    about = "this title" if same_title else "other titles of this institution"
    found = []
    for grant in grants:
        grounds = {f"{ground.aspect}:{ground.difference}" for ground in grant.grounds or ()}
        known_grounds = {ground for one in precedents for ground in one.grounds}
        other = [one for one in precedents if grant.outcome not in one.outcomes]
        if len(other) == len(precedents) and other:
            found.append(
                f"{what}: your office decided otherwise on {about} before: {_listed(other)}; you propose"
                f" {grant.outcome}"
            )
        elif precedents and (new := sorted(grounds - known_grounds)):
            found.append(f"{what}: your office named {', '.join(new)} on {about} never before")
    return found


def _listed(decisions: Sequence[OwnDecision]) -> str:
    named = [f"{', '.join(one.outcomes)} on {one.decided} ({one.decision})" for one in decisions[:_SHOWN]]
    more = f" and {len(decisions) - _SHOWN} more" if len(decisions) > _SHOWN else ""
    return "; ".join(named) + more


def _same(one: str, other: str) -> bool:
    return comparison_key(one).replace(" ", "") == comparison_key(other).replace(" ", "")


def _matches(wanted: str | None, name: str) -> bool:
    if wanted is None:
        return True
    words, parts = comparison_key(name).split(), comparison_key(wanted).split()
    if not parts:
        return False
    return all(any(word.startswith(part) for word in words) for part in parts) or "".join(words).startswith(
        "".join(parts)
    )
