"""What becomes of rows of status changes: previewed together, and made one by one. For a batch and for a command.

For a command, which is run again, a row whose change was made before for the same reason changes nothing and is no
fault.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from registry.application import Registry
from registry.batches.row_problem import RowProblem
from registry.batches.status_rows import StatusChange
from registry.domain.credential import Credential
from registry.domain.errors import IllegalTransition, InvalidEvent, Refusal, UnknownCredential
from registry.issuing import Issuer
from registry.status_notes import notes_of

Judgement = Literal["changes", "unchanged"]
_STATUS: Final = {"suspend": "suspended", "reinstate": "active", "revoke": "revoked"}


class ChangeCount(msgspec.Struct, frozen=True):
    """How many credentials one kind of change is made to, for one reason."""

    change: str
    reason: str
    """Empty where they are reinstated."""
    credentials: int


class ChangePreview(msgspec.Struct):
    """What rows of status changes would come to."""

    changes: list[ChangeCount] = []
    unchanged: int = 0
    """Rows whose change was made before."""
    refused: int = 0
    """Rows that would change nothing."""
    problems: list[RowProblem] = []
    """All that is wrong with these."""

    @property
    def total(self) -> int:
        """How many changes would be made."""
        return sum(one.credentials for one in self.changes)


class StatusChanger:
    """Judges and makes status changes of one node's own credentials. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, *, repeatable: bool) -> None:
        """`repeatable`: a change that was made before is as before. Otherwise it is refused, as over HTTP and Kafka,
        where a request or an event that is sent again is known by its own id.
        """
        self._repeatable = repeatable
        self._registry = registry
        self._issuer = issuer

    def preview(self, rows: Iterable[StatusChange | list[RowProblem]]) -> ChangePreview:
        """Judge rows as if they were made one after another. Nothing is stored."""
        preview, credentials = ChangePreview(), dict[str, Credential]()
        counts: dict[tuple[str, str], int] = {}
        for row in rows:
            problems = row if isinstance(row, list) else []
            if isinstance(row, StatusChange):
                try:
                    if self._judge(row, credentials) == "unchanged":
                        preview.unchanged += 1
                    else:
                        kind = (row.change, row.reason)
                        counts[kind] = counts.get(kind, 0) + 1
                except (Refusal, InvalidEvent) as refusal:
                    problems = [problem_of(row, refusal)]
            preview.problems += problems
            preview.refused += bool(problems)
        preview.changes = [ChangeCount(*kind, count) for kind, count in sorted(counts.items())]
        return preview

    def check(self, row: StatusChange) -> Judgement:
        """What a row would come to by itself; nothing is stored. Raises `Refusal`."""
        return self._judge(row, {})

    def make(self, row: StatusChange) -> Judgement:
        """Make a change in one transaction. Raises `Refusal`; then nothing is stored.

        Where it was made before, nothing is stored either.
        """
        identifier = self._credential_of(row)
        if self._made_before(self._registry.credential(identifier), row):
            return "unchanged"
        self._registry.change(identifier, row.apply, change=row.change, note=row.note)
        return "changes"

    def _judge(self, row: StatusChange, credentials: dict[str, Credential]) -> Judgement:
        """Judge a row; `credentials` are those that earlier rows have changed, and grows by this one."""
        registry = self._registry
        identifier = self._credential_of(row)
        credential = credentials.get(identifier) or registry.credential(identifier)
        if self._made_before(credential, row):
            return "unchanged"
        row.apply(credential)
        if row.note:
            registry.note_row(credential, row.change, row.note)
        registry.check(credential)
        credentials[identifier] = credential
        return "changes"

    def _credential_of(self, row: StatusChange) -> str:
        """The id of the credential that a row names. Raises `Refusal` where its two names are of two credentials."""
        if not row.record:
            return row.credential
        known = self._issuer.known(row.record)
        if known is None:
            raise UnknownCredential(f"no credential was issued for the record {row.record[:80]}", "record")
        if row.credential not in ("", known):
            raise UnknownCredential(f"is credential {known}; the row names another one beside it", "record")
        return known

    def _made_before(self, credential: Credential, row: StatusChange) -> bool:
        """Whether a row's change was the last one of the credential. Raises `Refusal` where only its note is new."""
        if not self._repeatable:
            return False
        status, wanted = credential.state.status, _STATUS[row.change]
        if row.change == "reinstate":
            if not (status == "active" and credential.was_reinstated):
                return False
        elif status != wanted:
            return False
        elif credential.reason != row.reason:
            raise IllegalTransition(
                f"credential {credential.id} is {status} already, for the reason {credential.reason}", "reason"
            )
        notes = notes_of(self._registry.vault, self._registry.cursor(), str(credential.id)) if row.note else []
        if row.note and all(one.note != row.note for one in notes):
            raise IllegalTransition(
                f"credential {credential.id} is {status} already; a note is kept with a change alone", "note"
            )
        return True


def problem_of(row: StatusChange, refusal: Refusal | InvalidEvent) -> RowProblem:
    """Return a refusal as what is wrong with a row."""
    detail = refusal.explanation if isinstance(refusal, Refusal) else refusal.detail
    return RowProblem(row.line, f"line {row.line}", refusal.path.rpartition(".")[2], row.name, refusal.code, detail)
