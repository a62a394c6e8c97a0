"""Find what a decision or an agreement lets a credential count for in a larger one: credits, level and part.

They are read from the event's data. Nothing counts by a decision that grants towards another programme, by a
conditional one (a superseding decision says that its conditions are met), or by an advisory one, which binds nobody.
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
    """The larger credential in which another one is to count."""

    key: Key
    """The member and id of its achievement."""
    refs: frozenset[Key]
    """The achievements that its composition names."""
    titles: frozenset[str]
    """The titles in lower case, since offices name programmes by title, too."""

    @classmethod
    def of(cls, key: Key, refs: Iterable[Key], title: dict[str, str]) -> "Whole":
        """Return it from an achievement as published."""
        return cls(key, frozenset(refs), frozenset(text.casefold().strip() for text in title.values()))


class Credited(NamedTuple):
    """The credits and the level of a credential in a larger one, and the part that it stands for."""

    ects: Decimal | None
    """None for all ECTS of the credential."""
    eqf_level: int | None
    """None for the achievement's own."""
    stands_for: frozenset[Key]
    admitted: bool
    """True if it counts towards the larger credential as a whole."""


def by_decision(content: str, credential: Key, whole: Whole) -> Credited | None:
    """Return what a decision (its data as JSON) grants on this credential; None if nothing counts by it."""
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
    granted_ects = [share for share in shares if share is not None]
    return Credited(
        sum(granted_ects, Decimal(0)) if len(granted_ects) == len(shares) else None,
        min(levels) if levels else None,
        frozenset(stands_for),
        admitted,
    )


def by_agreement(content: str, ects: Decimal | None, whole: Whole) -> Credited | None:
    """Return what an agreement (its data as JSON) lets a credential with these ECTS count for; None for nothing."""
    data = msgspec.convert(contents.read(content), AgreementDeclared)
    if data.outcome == "conditional" or data.purpose not in _PURPOSES:
        return None
    fitting = _towards(data.towards, whole)
    if fitting is None:
        return None
    counted = None if ects is None else (ects * Decimal(str(data.ects_ratio))).quantize(_CENT, ROUND_DOWN)
    return fitting._replace(ects=counted)


def _towards(towards: Towards | None, whole: Whole) -> Credited | None:
    """Return how a grant towards this counts; None if it counts elsewhere."""
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
    """Return one basis's share: a grant on several is divided equally, and the first has the remainder."""
    if grant.ects is None:
        return None
    whole = Decimal(str(grant.ects))
    each = (whole / len(grant.from_)).quantize(_CENT, ROUND_DOWN)
    return whole - each * (len(grant.from_) - 1) if place == 0 else each


def number(ects: Decimal) -> int | float:
    """Return credits as the wire has them."""
    return int(ects) if ects == int(ects) else float(ects)
