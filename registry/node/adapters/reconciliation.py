"""The university's credentials as the views have them: the plug of `registry.intake.reconciling`."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from projections.credentials import facts
from registry.intake.reconciling import Known
from registry.node.node import Node


class OnLog:
    """The university's credentials as the views have them."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def of(self, credentials: Sequence[str]) -> Mapping[str, Known]:
        """These, by their ids."""
        found = facts.read(self._node.views(), self._node.settings.member, credentials)
        return {one.credential: _known(one) for one in found}

    def awarded(self, begin: dt.date, end: dt.date) -> Iterator[Known]:
        """All of a term."""
        return map(_known, facts.read_awarded(self._node.views(), self._node.settings.member, begin, end))


def _known(fact: facts.Fact) -> Known:
    ects = None if fact.ects is None else float(fact.ects)
    return Known(fact.credential, fact.achievement, fact.version, fact.awarding_date.isoformat(), ects, fact.status)
