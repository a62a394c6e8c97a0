"""The university's credentials in the views, for `registry.intake.reconciliation`."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from projections.credentials import facts
from registry.intake.reconciliation import CredentialOnLog
from registry.node.node import Node


class OnLog:
    """The university's credentials as the views have them."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def look_up(self, credentials: Sequence[str]) -> Mapping[str, CredentialOnLog]:
        """Return the credentials that are on the log, by their ids."""
        found = facts.read(self._node.views(), self._node.settings.member, credentials)
        return {one.credential: _known(one) for one in found}

    def list_awarded(self, begin: dt.date, end: dt.date) -> Iterator[CredentialOnLog]:
        """Yield all credentials of a term."""
        return map(_known, facts.read_awarded(self._node.views(), self._node.settings.member, begin, end))


def _known(fact: facts.Fact) -> CredentialOnLog:
    ects = None if fact.ects is None else float(fact.ects)
    return CredentialOnLog(
        fact.credential, fact.achievement, fact.version, fact.awarding_date.isoformat(), ects, fact.status
    )
