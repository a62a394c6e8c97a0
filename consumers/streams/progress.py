"""The progress of one pass over the streams."""

from typing import NamedTuple


class Progress(NamedTuple):
    """Events and commits that were taken in, and records that were quarantined."""

    events: int
    commits: int
    quarantined: int

    def __add__(self, other: object) -> "Progress":
        assert isinstance(other, Progress)  # noqa: S101 - tuples would concatenate
        return Progress(self.events + other.events, self.commits + other.commits, self.quarantined + other.quarantined)


NOTHING = Progress(0, 0, 0)
