"""Leaves out counts that are so small that they could speak of a person, and what would give them away. Pure.

A count below 10 is left out; a true zero is not. Where the sum over some cells is known, for example of a month over
all members, the cells left out must be two at least and be 10 at least together. Otherwise the smallest of the others
is left out too. Every way of adding up is looked at: each set of dimensions, all of them included.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

SMALLEST: Final = 10
"""The smallest count that is shown, apart from zero."""

Key = tuple[str, ...]
"""The values of a cell's dimensions."""


def leave_out_small(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """Return the counts with None for each that must not be shown. All keys have the same dimensions.

    A line whose only cells above zero are left out stays as it is: nothing in it could hide them. So no sum over a
    line may be published but the sum of what is shown.
    """
    hidden = {key for key, count in counts.items() if 0 < count < SMALLEST}
    lines = [cells for cells in _lines(counts) if sum(1 for key in cells if counts[key]) > 1]
    while more := {key for cells in lines for key in _to_hide(cells, counts, hidden)}:
        hidden |= more
    return {key: None if key in hidden else count for key, count in counts.items()}


def _lines(counts: Mapping[Key, int]) -> Iterator[list[Key]]:
    """Yield the cells of every sum: those that are alike but for some of their dimensions."""
    dimensions = range(len(next(iter(counts), ())))
    for number in range(len(dimensions)):
        for fixed in combinations(dimensions, number):
            cells: dict[Key, list[Key]] = defaultdict(list)
            for key in counts:
                cells[tuple(key[place] for place in fixed)].append(key)
            yield from cells.values()


def _to_hide(cells: list[Key], counts: Mapping[Key, int], hidden: set[Key]) -> list[Key]:
    """Return the cell of a line that must be left out beside those that are; empty if these hide one another."""
    own = [key for key in cells if key in hidden]
    if not own or (len(own) > 1 and sum(counts[key] for key in own) >= SMALLEST):
        return []
    others = [key for key in cells if counts[key] and key not in hidden]
    return [min(others, key=lambda key: (counts[key], key))] if others else []
