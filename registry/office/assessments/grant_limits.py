"""Limits of a grant's credits and level, which follow from what is offered.

A grant recognises the credits that were earned elsewhere, and no more. The credits of one achievement count once, even
if it was awarded several times. For prior learning (`credited`) and a joint programme's own curriculum
(`ownCurriculum`) the office sets the credits.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from decimal import Decimal

from registry.office.assessments.offered import Offered
from registry.office.errors import Objection
from registry.wire.recognition import Grant, Purpose


def credit_objections(purpose: Purpose, offered: Sequence[Offered], grants: Sequence[Grant]) -> Iterator[Objection]:
    """Yield the objections to the credits of all grants; a credential that several grants rest on counts once."""
    usable = [grant for grant in grants if all(place < len(offered) for place in grant.from_)]
    for index, grant in enumerate(grants):
        if grant.outcome == "refused":
            if grant.ects:
                yield Objection(f"$.proposed[{index}].grant.ects", "creditRefused", "a refusal grants no credits")
        elif grant in usable:
            yield from _mode_objections(
                f"$.proposed[{index}].grant", purpose, grant, [offered[place] for place in grant.from_]
            )
    for places, together in _group_by_learning(_counting(usable), offered):
        where = f"$.proposed[{_indices(grants, together)[-1]}].grant.ects"
        granted = sum((_exact(grants[index].ects) for index in _indices(grants, together)), Decimal(0))
        original, again = _original(places, offered)
        if any(offered[place].ects is None for place in places):
            if _without_credits(places, offered) and granted > original:
                yield Objection(where, "creditsNotStated", _not_stated(f"{granted.normalize():f} ECTS", "credits"))
            continue
        sums = f"{granted.normalize():f} ECTS on {original.normalize():f}{again}"
        if granted > original:
            yield Objection(
                where,
                "aboveOriginal",
                f"{sums}; only prior learning (the mode `credited`) grants more than the original",
            )
        elif granted < original and all(grant.outcome == "full" for grant in together):
            yield Objection(
                where, "fullWithLess", f"{sums}; a grant of less than the original is partial, and needs grounds"
            )


def level_objections(where: str, grant: Grant, offered: Sequence[Offered]) -> Iterator[Objection]:
    """Yield the objections to a grant's level: recognition does not raise a level, and a refusal grants none."""
    if grant.eqf_level is None:
        return
    if grant.outcome == "refused":
        yield Objection(f"{where}.eqfLevel", "levelRefused", "a refusal grants no level")
    elif places_without_level(grant, offered):
        yield Objection(f"{where}.eqfLevel", "levelNotStated", _not_stated(f"EQF {grant.eqf_level}", "level"))
    elif grant.mode == "recognised" and grant.eqf_level > (highest := _highest(offered)):
        detail = f"EQF {grant.eqf_level} on EQF {highest}: recognition does not raise a level"
        yield Objection(f"{where}.eqfLevel", "levelAboveOriginal", detail)


def places_without_level(grant: Grant, offered: Sequence[Offered]) -> list[int]:
    """Return the places in `offered` without a stated level, where the grant names a level.

    Empty where another credential has the level that is granted.
    """
    if grant.mode != "recognised" or grant.outcome == "refused" or grant.eqf_level is None:
        return []
    if grant.eqf_level <= _highest(offered):
        return []
    return [place for place, each in enumerate(offered) if each.eqf_level is None]


def places_without_credits(offered: Sequence[Offered], grants: Sequence[Grant]) -> list[int]:
    """Return the places in `offered` without stated credits, where grants recognise more than is stated."""
    without: list[int] = []
    for places, together in _group_by_learning(_counting(grants), offered):
        granted = sum((_exact(grant.ects) for grant in together), Decimal(0))
        if granted > _original(places, offered)[0]:
            without += _without_credits(places, offered)
    return sorted(without)


def _counting(grants: Iterable[Grant]) -> list[Grant]:
    """Return the grants whose credits come from what is offered."""
    return [
        each for each in grants if each.mode == "recognised" and each.outcome != "refused" and each.ects is not None
    ]


def _without_credits(places: Iterable[int], offered: Sequence[Offered]) -> list[int]:
    """Return the places without stated credits. A credential that bears no credits has an objection of its own."""
    return [place for place in places if offered[place].ects is None and offered[place].credit_bearing is not False]


def _highest(offered: Iterable[Offered]) -> int:
    return max((each.eqf_level for each in offered if each.eqf_level is not None), default=0)


def _not_stated(granted: str, what: str) -> str:
    return f"{granted} is granted, but the {what} of what is offered was never stated: establish it in an assessment"


def _original(places: Iterable[int], offered: Sequence[Offered]) -> tuple[Decimal, str]:
    """Return the credits of what is offered, and a note where an achievement was awarded more than once.

    If an achievement was awarded several times, the award with the most credits counts.
    """
    credits_of: dict[Hashable, Decimal] = {}
    repeated = False
    for place in places:
        learning = _learning(place, offered[place])
        repeated = repeated or learning in credits_of
        credits_of[learning] = max(credits_of.get(learning, Decimal(0)), _exact(offered[place].ects))
    again = " (awards of one achievement count once)" if repeated else ""
    return sum(credits_of.values(), Decimal(0)), again


def _learning(place: int, offered: Offered) -> Hashable:
    """Return what identifies the learning: the achievement, in any version; or one external credential."""
    ref = offered.achievement
    return place if ref is None else (ref.member, ref.achievement)


def _mode_objections(where: str, purpose: Purpose, grant: Grant, offered: Sequence[Offered]) -> Iterator[Objection]:
    credit = purpose in ("creditTransfer", "stacking")
    if any(each.credit_bearing is False for each in offered) and grant.mode == "recognised" and (credit or grant.ects):
        detail = "learning without credits can only be recognised as prior learning (the mode `credited`)"
        yield Objection(f"{where}.mode", "notCreditBearing", detail)
    elif grant.mode == "credited" and credit and not grant.ects:
        yield Objection(
            f"{where}.ects", "howManyCredits", "state the credits that the office grants for prior learning"
        )
    elif grant.outcome == "partial" and credit and not grant.ects:
        yield Objection(f"{where}.ects", "howManyCredits", "state the credits that are granted in part")


def _group_by_learning(grants: Iterable[Grant], offered: Sequence[Offered]) -> list[tuple[set[int], list[Grant]]]:
    """Return groups of grants that rest, directly or through others, on the same learning; with their places."""
    groups: list[tuple[set[int], list[Grant]]] = []

    def learning(places: set[int]) -> set[Hashable]:
        return {_learning(place, offered[place]) for place in places}

    for grant in grants:
        places, together = set(grant.from_), [grant]
        apart = []
        for group in groups:
            if learning(places) & learning(group[0]):
                places |= group[0]
                together = group[1] + together
            else:
                apart.append(group)
        groups = [*apart, (places, together)]
    return groups


def _indices(grants: Sequence[Grant], some: Iterable[Grant]) -> list[int]:
    return [index for index, grant in enumerate(grants) if any(grant is each for each in some)]


def _exact(ects: float | None) -> Decimal:
    return Decimal(str(ects or 0))
