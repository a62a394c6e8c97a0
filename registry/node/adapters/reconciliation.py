"""The adapter for reconciling: the university's own credentials in the views."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from projections.credentials import facts
from registry.intake.reconciling import PublishedAward
from registry.node.node import Node


class PostgresAwardLookup:
    """`AwardLookup` on this node's views."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def find_awards(self, credentials: Sequence[str]) -> Mapping[str, PublishedAward]:
        """Return these credentials by their ids; those that are not on the log are left out."""
        rows = facts.read(self._node.views(), self._node.settings.member, credentials)
        return {row.credential: _award(row) for row in rows}

    def list_awarded(self, begin: dt.date, end: dt.date) -> Iterator[PublishedAward]:
        """Yield all that were awarded from `begin` to `end`, both included."""
        return map(_award, facts.read_awarded(self._node.views(), self._node.settings.member, begin, end))


def _award(fact: facts.Fact) -> PublishedAward:
    ects = None if fact.ects is None else float(fact.ects)
    return PublishedAward(
        fact.credential, fact.achievement, fact.version, fact.awarding_date.isoformat(), ects, fact.status
    )
