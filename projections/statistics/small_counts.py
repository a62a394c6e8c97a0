"""Leaves out counts that are so small that they could speak of a person, and what would give them away. Pure.

A count below 10 is left out; a true zero is not. Where the sum over some cells is known, for example of a month over
all members, the cells left out must be two at least and be 10 at least together. Otherwise the smallest of the others
is left out too. Every way of adding up is looked at: each set of dimensions, all of them included.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from operator import itemgetter
from typing import Any, Final

SMALLEST: Final = 10
"""The smallest count that is shown, apart from zero."""

Key = tuple[str, ...]
"""The values of a cell's dimensions."""


def leave_out_small(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """Return the counts with None for each that must not be shown. All keys have the same dimensions.

    A line whose only cells above zero are left out stays as it is: nothing in it could hide them. So no sum over a
    line may be published but the sum of what is shown.
    """
    keys, numbers = list(counts), list(counts.values())
    hidden = {place for place, number in enumerate(numbers) if 0 < number < SMALLEST}
    lines = [cells for cells in _lines(keys) if sum(1 for place in cells if numbers[place]) > 1]
    more = hidden
    while more:  # only a line in which something was hidden since it was looked at can need another cell
        touched = [cells for cells in lines if not more.isdisjoint(cells)]
        more = {place for cells in touched for place in _to_hide(cells, keys, numbers, hidden)}
        hidden = hidden | more
    return {key: None if place in hidden else numbers[place] for place, key in enumerate(keys)}


def _lines(keys: Sequence[Key]) -> Iterator[list[int]]:
    """Yield the cells of every sum, as places of their keys: those that are alike but for some of their dimensions."""
    dimensions = range(len(next(iter(keys), ())))
    yield list(range(len(keys)))
    for number in range(1, len(dimensions)):
        for fixed in combinations(dimensions, number):
            values = itemgetter(*fixed)
            cells: dict[Any, list[int]] = defaultdict(list)
            for place, key in enumerate(keys):
                cells[values(key)].append(place)
            yield from cells.values()


def _to_hide(cells: list[int], keys: Sequence[Key], numbers: Sequence[int], hidden: AbstractSet[int]) -> list[int]:
    """Return the cell of a line that must be left out beside those that are; empty if these hide one another."""
    own = [place for place in cells if place in hidden]
    if not own or (len(own) > 1 and sum(numbers[place] for place in own) >= SMALLEST):
        return []
    others = [place for place in cells if numbers[place] and place not in hidden]
    return [min(others, key=lambda place: (numbers[place], keys[place]))] if others else []
