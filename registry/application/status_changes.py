"""Changes of the status of this university's credentials, whether a file, a batch or an event asks for them.

A request may come again: a change that was made before, for the same reason, is unchanged.
"""

from typing import Final, Literal, NamedTuple

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.status_notes import read_notes
from registry.application.transaction import Transaction
from registry.domain.credential import Credential
from registry.domain.errors import IllegalTransition, UnknownCredential

Change = Literal["suspend", "reinstate", "revoke"]
Judgement = Literal["changes", "unchanged"]
STATUS_AFTER: Final = {"suspend": "suspended", "reinstate": "active", "revoke": "revoked"}
"""The status of a credential after each change."""


class StatusChange(NamedTuple):
    """A change of one credential's status."""

    credential: str
    """The credential's id; empty where `record` names it."""
    record: str
    """The university's own id of the row that it was issued for; may be given with the credential's id."""
    change: str
    """One of `Change`."""
    reason: str
    """One of `StatusReason`; empty where it is reinstated."""
    note: str = ""
    """The university's own words about the reason. They are stored privately, never on the log."""

    @property
    def name(self) -> str:
        """The credential as the request names it."""
        return self.credential or self.record

    def apply(self, credential: Credential) -> None:
        """Apply the change. Raises `Refusal`."""
        if self.change == "suspend":
            credential.suspend(self.reason)  # type: ignore[arg-type] # checked where it was read
        elif self.change == "revoke":
            credential.revoke(self.reason)  # type: ignore[arg-type] # checked where it was read
        else:
            credential.reinstate()


class StatusChanger:
    """Judges and makes status changes of one node's own credentials. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer) -> None:
        self._registry = registry
        self._issuer = issuer

    def find(self, change: StatusChange) -> str:
        """Return the id of the credential that a change names.

        Raises `UnknownCredential` where no credential was issued for the record, or for a record and a credential that
        do not belong together.
        """
        if not change.record:
            return change.credential
        credential = self._issuer.find_credential(change.record)
        if credential is None:
            raise UnknownCredential(f"no credential was issued for the record {change.record[:80]}", "record")
        if change.credential not in ("", credential):
            raise UnknownCredential(f"is credential {credential}; another one is named beside it", "record")
        return credential

    def check(self, identifier: str, change: StatusChange) -> Judgement:
        """Return whether a change of this credential would change anything; nothing is stored.

        Raises `Refusal`, and `InvalidEvent` for what a verifier would not read.
        """
        credential = self._registry.credentials.get(identifier)
        if self._made_before(credential, change):
            return "unchanged"
        change.apply(credential)
        if change.note:
            self._registry.credentials.build_note_row(credential, change.change, change.note)
        self._registry.check(credential)
        return "changes"

    def make(self, identifier: str, change: StatusChange, transaction: Transaction | None = None) -> Judgement:
        """Make a change. Raises as `check`; then nothing is stored.

        Nothing is added to the transaction where the change was made before.
        """
        registry = self._registry
        if self._made_before(registry.credentials.get(identifier), change):
            return "unchanged"
        registry.credentials.change(
            identifier, change.apply, change=change.change, note=change.note, transaction=transaction
        )
        return "changes"

    def _made_before(self, credential: Credential, change: StatusChange) -> bool:
        """Return whether a change was the last one of the credential.

        Raises `IllegalTransition` where its reason is another one, or its note alone is new.
        """
        status = credential.state.status
        if change.change == "reinstate":
            if not (status == "active" and credential.was_reinstated):
                return False
        elif status != STATUS_AFTER[change.change]:
            return False
        elif credential.reason != change.reason:
            raise IllegalTransition(
                f"credential {credential.id} is {status} already, for the reason {credential.reason}", "reason"
            )
        notes = read_notes(self._registry.vault, self._registry.cursor(), str(credential.id)) if change.note else []
        if change.note and all(note.note != change.note for note in notes):
            raise IllegalTransition(
                f"credential {credential.id} is {status} already; a note is kept with a change alone", "note"
            )
        return True
