"""What may be granted on what was offered: credits and level.

Recognised credit is what was earned elsewhere, and no more than that. Prior learning (`credited`) and a joint
programme's own curriculum (`ownCurriculum`) get the credits that the office sets.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from registry.office.assessments.offered import Offered
from registry.office.objection import Objection
from registry.wire.recognition import Grant, Purpose


def credit_objections(purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant]) -> Iterator[Objection]:
    """Of all grants together: a basis that several grants rest on is counted once."""
    usable = [grant for grant in grants if all(place < len(offered) for place in grant.from_)]
    for index, grant in enumerate(grants):
        if grant.outcome == "refused":
            if grant.ects:
                yield Objection(f"$.proposed[{index}].grant.ects", "creditRefused", "a refusal grants no credits")
        elif grant in usable:
            yield from _kinds(f"$.proposed[{index}].grant", purpose, grant, [offered[place] for place in grant.from_])
    for places, together in _connected([each for each in usable if each.mode == "recognised" and each.ects]):
        known = [offered[place].ects for place in places]
        granted = sum((_exact(grants[index].ects) for index in _indices(grants, together)), Decimal(0))
        original = sum((_exact(ects) for ects in known), Decimal(0))
        if any(ects is None for ects in known):
            continue
        where = f"$.proposed[{_indices(grants, together)[-1]}].grant.ects"
        sums = f"{granted.normalize():f} ECTS on {original.normalize():f}"
        if granted > original:
            yield Objection(where, "aboveOriginal", f"{sums}; more than the original is given as `credited` alone")
        elif granted < original and all(grant.outcome == "full" for grant in together):
            yield Objection(where, "fullWithLess", f"{sums}; less than the original is partial, and has its grounds")


def level_objections(where: str, grant: Grant, offered: Sequence[Offered]) -> Iterator[Objection]:
    """Recognition does not raise a level."""
    levels = [each.eqf_level for each in offered if each.eqf_level is not None]
    if grant.mode == "recognised" and grant.eqf_level is not None and levels and grant.eqf_level > max(levels):
        detail = f"EQF {grant.eqf_level} on EQF {max(levels)}: recognition does not raise a level"
        yield Objection(f"{where}.eqfLevel", "levelAboveOriginal", detail)


def _kinds(where: str, purpose: Purpose, grant: Grant, offered: Sequence[Offered]) -> Iterator[Objection]:
    credit = purpose in ("creditTransfer", "stacking")
    if any(each.credit_bearing is False for each in offered) and grant.mode == "recognised" and (credit or grant.ects):
        detail = "learning without credits gets them by recognition of prior learning: mode `credited`"
        yield Objection(f"{where}.mode", "notCreditBearing", detail)
    elif grant.mode == "credited" and credit and not grant.ects:
        yield Objection(f"{where}.ects", "howManyCredits", "the office sets how many credits prior learning gets")
    elif grant.outcome == "partial" and credit and not grant.ects:
        yield Objection(f"{where}.ects", "howManyCredits", "partial: how many credits are granted?")


def _connected(grants: Iterable[Grant]) -> list[tuple[set[int], list[Grant]]]:
    """Grants that rest, directly or by way of others, on the same bases; with these."""
    found: list[tuple[set[int], list[Grant]]] = []
    for grant in grants:
        places, together = set(grant.from_), [grant]
        apart = []
        for other in found:
            if places & other[0]:
                places |= other[0]
                together = other[1] + together
            else:
                apart.append(other)
        found = [*apart, (places, together)]
    return found


def _indices(grants: Sequence[Grant], some: Iterable[Grant]) -> list[int]:
    return [index for index, grant in enumerate(grants) if any(grant is one for one in some)]


def _exact(ects: float | None) -> Decimal:
    return Decimal(str(ects or 0))
