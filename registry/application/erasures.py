"""Learners whom this university erased, as its log says. `registry.learners.erasure` does the rest of an erasure."""

from collections.abc import Sequence
from datetime import date

from eventsourcing.application import AggregateNotFoundError

from registry.application.private_store import PrivateStore
from registry.application.transaction import Transaction
from registry.domain.learner import Erasure
from registry.vault.key_replacement import ErasedRows


class Erasures:
    """The erasures of one university."""

    def __init__(self, store: PrivateStore) -> None:
        self._store = store

    def is_erased(self, learner: str) -> bool:
        """Return whether this university announced that it erased this learner."""
        return self._store.exists(Erasure.id_of(learner))

    def erased_on(self, learner: str) -> date | None:
        """Return the day (UTC) on which the erasure was announced; None where it was not."""
        try:
            erasure: Erasure = self._store.store.repository.get(Erasure.id_of(learner))
        except AggregateNotFoundError:
            return None
        return erasure.created_on.date()

    def erase(
        self,
        learners: Sequence[str],
        rows: ErasedRows,
        *,
        again: bool = False,
        transaction: Transaction | None = None,
    ) -> None:
        """Announce that these learners are erased, and delete the rows, in one transaction. Raises `Duplicate`.

        The keys that protected the rows are replaced, so that nothing decrypts what remains on old pages of the
        database. `again` announces the erasure once more for those for whom it was announced before; without it, it is
        not repeated.
        """
        erasures = []
        for learner in learners:
            if not self.is_erased(learner):
                erasures.append(Erasure.erase(learner))
            elif again:
                erasure: Erasure = self._store.store.repository.get(Erasure.id_of(learner))
                erasure.announce_again()
                erasures.append(erasure)
        with self._store.join(transaction) as joined:
            joined.save(*erasures)
            joined.name_subjects(*learners)
            joined.erase(rows)
