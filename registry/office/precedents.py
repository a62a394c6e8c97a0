"""What a proposal says that offices have not said before. Pure."""

from collections.abc import Sequence

from registry.office.ports import PrecedentFacts
from registry.wire.recognition import Grant


def departures(precedents: PrecedentFacts, grants: Sequence[Grant], office: str) -> list[str]:
    """Where grants depart from what other offices decided about the same achievement; empty where they do not."""
    others = {name: outcomes for name, outcomes in precedents.offices.items() if name != office}
    if not others:
        return []
    found = []
    for outcome in dict.fromkeys(grant.outcome for grant in grants):
        same = sum(outcome in outcomes for outcomes in others.values())
        in_full = sum("full" in outcomes for outcomes in others.values())
        if outcome != "full" and in_full > len(others) / 2:
            found.append(f"{in_full} of {len(others)} offices recognised this in full; you propose {outcome}")
        elif outcome == "full" and same < len(others) / 2:
            found.append(f"{same} of {len(others)} offices recognised this in full, as you propose")
    new = dict.fromkeys(
        f"{ground.aspect}:{ground.difference}"
        for grant in grants
        for ground in grant.grounds or ()
        if ground.aspect != "formal" and f"{ground.aspect}:{ground.difference}" not in precedents.grounds
    )
    found += [f"you name {ground}, which none of {len(others)} offices named" for ground in new]
    return found
