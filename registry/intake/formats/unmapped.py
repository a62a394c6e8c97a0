"""Fields of a document that have no place here: the first paths, and the number of further ones."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

MAX_UNMAPPED: Final = 1000
"""Paths that are listed of one document."""
MAX_PATH: Final = 2000
"""Characters of a path, below which no further fields are looked for one by one."""


class Unmapped(NamedTuple):
    """The fields of a document that were not used."""

    paths: list[str]
    """The first of them."""
    more: int
    """Number of further paths."""

    @property
    def notes(self) -> list[str]:
        """Return them as notes."""
        notes = [f"not read: {path}" for path in self.paths]
        return [*notes, f"not read: {self.more:,} more"] if self.more else notes

    def up_to(self, most: int) -> "Unmapped":
        """Return the same with fewer paths."""
        return Unmapped(self.paths[:most], self.more + len(self.paths[most:]))


def first_of(paths: Iterable[str]) -> Unmapped:
    """Return the first of the paths, and count the others without keeping them."""
    rest: Iterator[str] = iter(paths)
    return Unmapped(list(islice(rest, MAX_UNMAPPED)), sum(1 for _ in rest))
