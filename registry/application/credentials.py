"""The status of the credentials that this university issued. `issuing.py` issues them."""

from collections.abc import Callable

from registry.application.private_store import PrivateStore
from registry.application.status_notes import NoteRow, build_note_row
from registry.application.transaction import Transaction
from registry.domain.credential import Credential
from registry.domain.errors import UnknownCredential
from registry.domain.sealing import Sealing
from registry.wire.credentials import StatusReason, StatusSealed


class Credentials:
    """The credentials of one university.

    A `note` is the university's own words about a change, encrypted under the learner's key. Each method that writes
    adds to the caller's transaction, or commits one of its own.
    """

    def __init__(self, store: PrivateStore) -> None:
        self._store = store

    def get(self, credential: str) -> Credential:
        """Return one of the university's credentials. Raises `UnknownCredential`."""
        aggregate: Credential = self._store.get(Credential, credential, UnknownCredential)
        return aggregate

    def suspend(
        self, credential: str, reason: StatusReason, note: str = "", transaction: Transaction | None = None
    ) -> None:
        """Suspend a credential: it does not count until it is reinstated."""
        self.change(credential, lambda aggregate: aggregate.suspend(reason), "suspend", note, transaction)

    def reinstate(self, credential: str, note: str = "", transaction: Transaction | None = None) -> None:
        """Let a suspended credential count again."""
        self.change(credential, lambda aggregate: aggregate.reinstate(), "reinstate", note, transaction)

    def revoke(
        self, credential: str, reason: StatusReason, note: str = "", transaction: Transaction | None = None
    ) -> None:
        """Revoke a credential. That cannot be undone."""
        self.change(credential, lambda aggregate: aggregate.revoke(reason), "revoke", note, transaction)

    def change(
        self,
        credential: str,
        act: Callable[[Credential], None],
        change: str = "",
        note: str = "",
        transaction: Transaction | None = None,
    ) -> None:
        """Change a credential by `act`. `change` names the change for its note. Raises `Refusal`."""
        changed = self.get(credential)
        act(changed)
        rows = [self.build_note_row(changed, change, note)] if note else []
        with self._store.join(transaction) as joined:
            joined.save(changed)
            joined.add(*rows)

    def build_note_row(self, credential: Credential, change: str, note: str) -> NoteRow:
        """Return the row that stores a note with the last change of a credential. Raises `NoteForNobody`."""
        store = self._store
        return build_note_row(
            store.vault, store.cursor(), credential.state.learner, str(credential.id), credential.version, change, note
        )

    def seal_statuses(self, data: StatusSealed, transaction: Transaction | None = None) -> None:
        """Seal which credentials are not active below a size. Raises `Duplicate` where that size is sealed."""
        self._store.save(Sealing.seal(data), transaction=transaction)
