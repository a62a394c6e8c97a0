"""Precedents for external credentials: this office's own decisions, by institution, country and title.

Names are compared without case, accents and punctuation (`comparison_key`).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from registry.office.ports import CredentialLookup, OwnDecision
from registry.values.persons import comparison_key
from registry.wire.recognition import External, Grant, Purpose

MAX_SEARCHED: Final = 20_000
"""The number of the office's own decisions that one search reads, the newest first."""
_MAX_LISTED: Final = 3


class ForeignPrecedents(msgspec.Struct, frozen=True, rename="camel"):
    """The office's own decisions that match, the newest first."""

    items: list[OwnDecision]
    outcomes: dict[str, int]
    """The number of decisions in force with each outcome."""
    complete: bool
    """True if all of the office's decisions were read."""


def find_precedents(
    lookup: CredentialLookup, institution: str | None = None, country: str | None = None, title: str | None = None
) -> ForeignPrecedents:
    """Return this office's decisions about external credentials.

    Each word of `institution` and `title` must begin a word of the name. "OsloMet" finds "Oslo Met", too.
    """
    decisions = lookup.list_external_decisions(MAX_SEARCHED + 1)
    items = [
        decision
        for decision in decisions[:MAX_SEARCHED]
        if _matches(institution, decision.issuer_name)
        and (country is None or decision.country == country)
        and _matches(title, decision.title)
    ]
    outcomes: dict[str, int] = {}
    for decision in items:
        for outcome in decision.outcomes if decision.state == "inForce" else ():
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return ForeignPrecedents(items, outcomes, len(decisions) <= MAX_SEARCHED)


def foreign_notes(
    lookup: CredentialLookup, number: int, external: External, purpose: Purpose, grants: Sequence[Grant]
) -> list[str]:
    """Return in sentences where grants on a case's credential depart from this office's earlier decisions.

    Decisions on the same title of the same institution count; where there are none, those on its other titles.
    """
    decided = [
        decision
        for decision in lookup.list_external_decisions(MAX_SEARCHED)
        if decision.state == "inForce"
        and decision.country == external.country
        and _is_same_name(decision.issuer_name, external.issuer_name)
        and decision.purpose == purpose
    ]
    same_title = [decision for decision in decided if _is_same_name(decision.title, external.title)]
    precedents = same_title or decided
    credential = f"credential {number} ({external.title}, {external.issuer_name})"
    about = "this title" if same_title else "other titles of this institution"
    notes = []
    for grant in grants:
        grounds = {f"{ground.aspect}:{ground.difference}" for ground in grant.grounds or ()}
        earlier_grounds = {ground for decision in precedents for ground in decision.grounds}
        other = [decision for decision in precedents if grant.outcome not in decision.outcomes]
        if len(other) == len(precedents) and other:
            notes.append(
                f"{credential}: your office decided otherwise on {about} before: {_list_decisions(other)}; you propose"
                f" {grant.outcome}"
            )
        elif precedents and (new := sorted(grounds - earlier_grounds)):
            notes.append(f"{credential}: your office never named {', '.join(new)} on {about} before")
    return notes


def _list_decisions(decisions: Sequence[OwnDecision]) -> str:
    first = [f"{', '.join(each.outcomes)} on {each.decided} ({each.decision})" for each in decisions[:_MAX_LISTED]]
    more = f" and {len(decisions) - _MAX_LISTED} more" if len(decisions) > _MAX_LISTED else ""
    return "; ".join(first) + more


def _is_same_name(first: str, second: str) -> bool:
    return comparison_key(first).replace(" ", "") == comparison_key(second).replace(" ", "")


def _matches(query: str | None, name: str) -> bool:
    if query is None:
        return True
    words, parts = comparison_key(name).split(), comparison_key(query).split()
    if not parts:
        return False
    return all(any(word.startswith(part) for word in words) for part in parts) or "".join(words).startswith(
        "".join(parts)
    )
