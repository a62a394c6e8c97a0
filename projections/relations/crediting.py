"""What a decision or an agreement lets a credential count for in a larger one: its credits, its level, as what.

Read from their content, which is the event's data. A decision that grants towards another programme lets nothing
count here; a conditional one does not yet (met conditions are a superseding decision), and an advisory one binds
nobody.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple

import msgspec

from projections.core import contents
from projections.relations.stacks import Key
from registry.wire.recognition import AgreementDeclared, Grant, RecognitionDecided, Towards

_CENT: Final = Decimal("0.01")
_PURPOSES: Final = ("creditTransfer", "stacking")


class Whole(NamedTuple):
    """The larger credential that something is to count in."""

    key: Key
    """Its achievement: member and id."""
    refs: frozenset[Key]
    """The achievements that its composition names."""
    titles: frozenset[str]
    """Its titles, in small letters: offices name programmes by title, too."""

    @classmethod
    def of(cls, key: Key, refs: Iterable[Key], title: dict[str, str]) -> "Whole":
        """From an achievement as it is published."""
        return cls(key, frozenset(refs), frozenset(text.casefold().strip() for text in title.values()))


class Credited(NamedTuple):
    """What it lets count."""

    ects: Decimal | None
    """None: as many as the credential has."""
    eqf_level: int | None
    """None: the achievement's own."""
    stands_for: frozenset[Key]
    admitted: bool
    """It counts towards the larger credential as a whole."""


def by_decision(content: str, credential: Key, whole: Whole) -> Credited | None:
    """What a decision (its data as JSON) grants on this credential; None where nothing counts by it."""
    data = msgspec.convert(contents.read(content), RecognitionDecided)
    if data.effect != "binding":
        return None
    bases = {
        number
        for number, basis in enumerate(data.basis)
        if basis.credential is not None and (basis.credential.member, basis.credential.credential) == credential
    }
    granted: list[tuple[Grant, int]] = []
    stands_for: set[Key] = set()
    admitted = False
    for grant in data.grants:
        place = next((place for place, basis in enumerate(grant.from_) if basis in bases), None)
        if place is None or grant.outcome in ("refused", "conditional"):
            continue
        fitting = _towards(grant.towards, whole)
        if fitting is None:
            continue
        granted.append((grant, place))
        admitted = admitted or fitting.admitted
        stands_for |= fitting.stands_for
    if not granted:
        return None
    shares = [_share(grant, place) for grant, place in granted]
    levels = [grant.eqf_level for grant, _ in granted if grant.eqf_level is not None]
    known = [one for one in shares if one is not None]
    return Credited(
        sum(known, Decimal(0)) if len(known) == len(shares) else None,
        min(levels) if levels else None,
        frozenset(stands_for),
        admitted,
    )


def by_agreement(content: str, ects: Decimal | None, whole: Whole) -> Credited | None:
    """What an agreement (its data as JSON) lets a credential of so many ECTS count for; None where nothing."""
    data = msgspec.convert(contents.read(content), AgreementDeclared)
    if data.outcome == "conditional" or data.purpose not in _PURPOSES:
        return None
    fitting = _towards(data.towards, whole)
    if fitting is None:
        return None
    counted = None if ects is None else (ects * Decimal(str(data.ects_ratio))).quantize(_CENT, ROUND_DOWN)
    return fitting._replace(ects=counted)


def _towards(towards: Towards | None, whole: Whole) -> Credited | None:
    """As what something that is granted towards this counts; None where it counts elsewhere."""
    if towards is None:
        return Credited(None, None, frozenset(), admitted=False)
    if towards.title is not None:
        named = {text.casefold().strip() for text in towards.title.values()}
        return Credited(None, None, frozenset(), admitted=True) if named & whole.titles else None
    key = (towards.member or "", towards.achievement or "")
    if key == whole.key:
        return Credited(None, None, frozenset(), admitted=True)
    return Credited(None, None, frozenset({key}), admitted=False) if key in whole.refs else None


def _share(grant: Grant, place: int) -> Decimal | None:
    """A grant on several bases is theirs in equal parts; what cannot be divided is the first one's."""
    if grant.ects is None:
        return None
    whole = Decimal(str(grant.ects))
    each = (whole / len(grant.from_)).quantize(_CENT, ROUND_DOWN)
    return whole - each * (len(grant.from_) - 1) if place == 0 else each


def number(ects: Decimal) -> int | float:
    """Credits as the wire has them."""
    return int(ects) if ects == int(ects) else float(ects)
