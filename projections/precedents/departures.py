"""Describe how a draft departs from earlier decisions, in data and in a sentence.

Offices are counted, not decisions, so an office that decides often weighs no more than others. The usual outcome of an
office is its most frequent one; of two that are equally frequent, the milder. The asking office's own precedents are
kept apart, since consistency with oneself is another question.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from psycopg import Connection

from projections.core.errors import InvalidQuery
from projections.precedents.counts import in_force_by_office
from projections.precedents.query import GROUNDS, OUTCOMES, PrecedentQuery, check_value
from projections.precedents.scope import scope_of

Basis = Literal["version", "achievement", "anyPurpose", "nothing"]
Kind = Literal["stricter", "milder", "otherwise", "newGround", "unlikeOwn"]
_STRICTNESS: Final = {"full": 0, "partial": 1, "conditional": 1, "alternative": 1, "refused": 2}
_DID: Final = {
    "full": "recognised this in full",
    "partial": "recognised this in part",
    "conditional": "recognised this on conditions",
    "alternative": "recognised this as something else",
    "refused": "refused this",
}
_DO: Final = {
    "full": "recognise it in full",
    "partial": "recognise it in part",
    "conditional": "recognise it on conditions",
    "alternative": "recognise it as something else",
    "refused": "refuse it",
}
_OF: Final = {
    "version": "",
    "achievement": " in other versions",
    "anyPurpose": " for other purposes",
    "nothing": "",
}


class Draft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A decision that an office is about to make on one achievement."""

    member: str
    achievement: str
    version: int
    purpose: str
    outcome: str
    grounds: Sequence[str] = ()
    """`aspect:difference`."""

    def query(self) -> PrecedentQuery:
        """Return the query for the precedents to compare it with. Raises `InvalidQuery`."""
        check_value("outcome", self.outcome, OUTCOMES)
        for ground in self.grounds:
            if ground not in GROUNDS:
                raise InvalidQuery(
                    "ground", f"{ground!r} is not an aspect:difference, for example workload:substantiallyLess"
                )
        query = PrecedentQuery(
            member=self.member, achievement=self.achievement, version=self.version, purpose=self.purpose
        )
        query.check()
        return query


class NamedGround(msgspec.Struct, frozen=True, rename="camel"):
    """A ground of the draft, and the number of offices that named it."""

    ground: str
    offices: int
    aspect_offices: int
    """Number of offices that named any difference in its aspect."""


class Departure(msgspec.Struct, frozen=True, rename="camel"):
    """A comparison of a draft with precedents."""

    departs: bool
    kinds: list[Kind]
    """The ways in which it departs; empty if it does not."""
    basis: Basis
    """The precedents found: of this version for this purpose, else of the achievement, else for any purpose."""
    offices: int
    """Number of other offices that decided on it."""
    outcomes: dict[str, int]
    """Number of these that usually decide so, by outcome."""
    usual: str | None
    """The most frequent usual outcome; of two, the milder."""
    grounds: list[NamedGround]
    own: dict[str, int]
    """The office's own precedents, by outcome."""
    sentence: str


def departure(connection: Connection, draft: Draft, office: str | None = None) -> Departure:
    """Compare a draft of `office` with what offices decided. Raises `InvalidQuery`."""
    basis, precedents = _precedents(connection, draft, office)
    own = {what: count for what, count in precedents.pop(office, {}).items() if what in OUTCOMES} if office else {}
    usual_of = {name: usual_outcome(counts) for name, counts in precedents.items()}
    outcomes = {each: list(usual_of.values()).count(each) for each in OUTCOMES if each in usual_of.values()}
    usual = usual_outcome(outcomes) if outcomes else None
    grounds = [
        NamedGround(
            ground,
            sum(ground in counts for counts in precedents.values()),
            sum(
                any(what.startswith(ground.partition(":")[0] + ":") for what in counts)
                for counts in precedents.values()
            ),
        )
        for ground in dict.fromkeys(draft.grounds)
    ]
    kinds: list[Kind] = []
    if usual is not None and draft.outcome != usual:
        more = _STRICTNESS[draft.outcome] - _STRICTNESS[usual]
        kinds.append("stricter" if more > 0 else "milder" if more < 0 else "otherwise")
    if usual is not None and any(not ground.offices for ground in grounds):
        kinds.append("newGround")
    if own and draft.outcome not in own:
        kinds.append("unlikeOwn")
    return Departure(
        bool(kinds),
        kinds,
        basis,
        len(precedents),
        outcomes,
        usual,
        grounds,
        own,
        _sentence(draft, basis, len(precedents), outcomes, usual, grounds, own),
    )


def _precedents(connection: Connection, draft: Draft, office: str | None) -> tuple[Basis, dict[str, dict[str, int]]]:
    """Return the precedents of the narrowest kind that another office has, with those of `office` of that kind."""
    query = draft.query()
    tries: list[tuple[Basis, PrecedentQuery]] = [
        ("version", query),
        ("achievement", msgspec.structs.replace(query, version=None)),
        ("anyPurpose", msgspec.structs.replace(query, version=None, purpose=None)),
    ]
    own: tuple[Basis, dict[str, dict[str, int]]] | None = None
    for basis, each in tries:
        precedents = in_force_by_office(connection, each, scope_of(connection, each))
        if set(precedents) - {office}:
            return basis, precedents
        if precedents and own is None:
            own = basis, precedents
    return own or ("nothing", {})


def usual_outcome(counts: Mapping[str, int]) -> str:
    """Return the most frequent outcome; of two that are equally frequent, the milder."""
    return max(OUTCOMES, key=lambda outcome: (counts.get(outcome, 0), -OUTCOMES.index(outcome)))


def _sentence(
    draft: Draft,
    basis: Basis,
    offices: int,
    outcomes: dict[str, int],
    usual: str | None,
    grounds: list[NamedGround],
    own: dict[str, int],
) -> str:
    sentences: list[str] = []
    if usual is None:
        sentences.append("No other office has decided on this.")
    else:
        number = outcomes[usual]
        who = "The one other office" if offices == 1 else f"{number} of {offices} offices"
        sentence = f"{who} {_DID[usual]}{_OF[basis]}"
        new = [ground for ground in grounds if not ground.offices]
        if new:
            sentence += "; you name " + " and ".join(map(_describe_ground, new)) + " that none named"
            if draft.outcome != usual:
                sentence += f", and {_DO[draft.outcome]}"
        elif draft.outcome != usual:
            sentence += f"; you {_DO[draft.outcome]}"
        else:
            sentence += ", as you do"
        sentences.append(sentence + ".")
    if own and draft.outcome not in own:
        before = ", ".join(f"{count} {outcome}" for outcome, count in own.items())
        sentences.append(f"Your own office decided otherwise before: {before}.")
    return " ".join(sentences)


def _describe_ground(ground: NamedGround) -> str:
    aspect, _, difference = ground.ground.partition(":")
    words = _split_words(difference)
    if aspect == "formal":
        return f"a formal ground ({words})"
    if ground.aspect_offices:
        return f"another difference in {_split_words(aspect)} ({words})"
    return f"a difference in {_split_words(aspect)} ({words})"


def _split_words(code: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in code)
