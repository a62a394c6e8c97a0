"""The outcome of a publisher's pass."""

from collections.abc import Sequence
from typing import NamedTuple

from registry.publishing.commit_store import UnsignedCommit, WithheldEvent


class Published(NamedTuple):
    """The outcome of a pass, and the tree size after it."""

    events: int
    commits: int
    size: int
    withheld: int = 0
    """The number of stored events that are withheld, because consumers would refuse them now."""
    withheld_because: str = ""
    """The rule and the remedy for the first of them."""
    refused: int = 0
    """The number of events in commits of which consumers refuse some: stored before governance changed."""
    refused_because: str = ""
    """The rule and the remedy for the first of these commits."""
    new: tuple[str, ...] = ()
    """Those of `faults` that are about events which no earlier pass has read: the caller may just have stored them."""

    @property
    def faults(self) -> list[str]:
        """The events that did not take effect, in sentences."""
        return [
            *_describe_withheld(self.withheld, self.withheld_because),
            *_describe_refused(self.refused, self.refused_because),
        ]


def summarise(
    commits: Sequence[UnsignedCommit], size: int, withheld: Sequence[WithheldEvent], read_before: int
) -> Published:
    """Return the outcome of a pass that appended these commits.

    `withheld` are the events that are withheld now; the pass began after the notification id `read_before`.
    """
    refused = [commit for commit in commits if commit.refused]
    return Published(
        _count_events(commits),
        len(commits),
        size,
        *_count_withheld(withheld),
        *_count_refused(refused),
        (
            *_describe_withheld(*_count_withheld([event for event in withheld if event.notification > read_before])),
            *_describe_refused(*_count_refused([commit for commit in refused if commit.last > read_before])),
        ),
    )


def _count_events(commits: Sequence[UnsignedCommit]) -> int:
    return sum(len(commit.lines) for commit in commits)


def _count_withheld(events: Sequence[WithheldEvent]) -> tuple[int, str]:
    return len(events), events[0].reason if events else ""


def _count_refused(commits: Sequence[UnsignedCommit]) -> tuple[int, str]:
    return _count_events(commits), commits[0].refused if commits else ""


def _describe_withheld(events: int, because: str) -> list[str]:
    return [f"stored events that are held back, not published: {events:,}. {because}"] if events else []


def _describe_refused(events: int, because: str) -> list[str]:
    if not events:
        return []
    sentence = (
        f"published events that consumers refuse, all or some: {events:,}. They had been written down for the log"
        f" before. {because}. `registry views update`, then `registry refused list`"
    )
    return [sentence]
