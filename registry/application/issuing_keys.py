"""The keys with which this university signs documents: announced and ended."""

from eventsourcing.application import AggregateNotFoundError

from registry.application.private_store import PrivateStore
from registry.application.refusals import refuse_missing
from registry.application.transaction import Transaction
from registry.domain.errors import UnknownKey
from registry.domain.issuing_key import IssuingKey
from registry.store.recorder import EVENTS_TABLE
from registry.wire.issuing_keys import IssuingKeyAnnounced, KeyEndReason


class IssuingKeys:
    """The issuing keys of one university. Each method that writes adds to the caller's transaction, or has its own."""

    def __init__(self, store: PrivateStore) -> None:
        self._store = store

    def get(self, key: str) -> IssuingKey:
        """Return the key with this thumbprint. Raises `UnknownKey`."""
        try:
            aggregate: IssuingKey = self._store.store.repository.get(IssuingKey.id_of(key))
        except AggregateNotFoundError as error:
            raise UnknownKey(f"this university announced no key {key}", "$.data.key") from error
        return aggregate

    def list_all(self) -> list[IssuingKey]:
        """Return all keys, the first announced first."""
        rows = self._store.cursor().execute(
            f"SELECT originator_id FROM {EVENTS_TABLE} WHERE topic = %s ORDER BY notification_id",  # noqa: S608 - a constant of this project
            (IssuingKey.Announced.TOPIC,),
        )
        return [self._store.store.repository.get(row["originator_id"]) for row in rows.fetchall()]

    def announce(self, data: IssuingKeyAnnounced, *, transaction: Transaction | None = None) -> None:
        """Announce a key. Raises `Duplicate` where it was announced before."""
        self._store.save(IssuingKey.announce(data), transaction=transaction)

    def end(self, key: str, reason: KeyEndReason, *, transaction: Transaction | None = None) -> None:
        """End a key. Raises `UnknownKey`, `NotAccepted` if the log refused it, `IllegalTransition` if it has ended."""
        if (refused := self._store.checker.find_refusals().get(key)) is not None:
            raise refuse_missing(refused)
        ended = self.get(key)
        ended.end(reason)
        self._store.save(ended, transaction=transaction)
