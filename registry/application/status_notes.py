"""The university's own words about the reason of a change of status, encrypted under the learner's key.

Erasing the learner deletes them. The log has only the code of the reason, which anybody can read for ever.
"""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain.errors import Refusal
from registry.values.formulas import begins_formula
from registry.vault.vault import Learner, Vault, retry_read

MAX_NOTE: Final = 2000
"""The most characters that a note may have."""


class NoteForNobody(Refusal):
    """The credential has no learner any more under whose key a note could be stored."""

    code = "learner-erased"


class StatusNote(msgspec.Struct, frozen=True):
    """A note, and the change that it is about."""

    change: str
    written: datetime
    note: str


class NoteRow(NamedTuple):
    """A note as a row that is written with its change."""

    vault: Vault
    learner: Learner
    credential: str
    version: int
    """The credential's version once the change is made."""
    change: str
    note: str

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the note. Raises `NoteForNobody` where the learner was erased meanwhile."""
        row = cursor.execute("SELECT FROM vault.learners WHERE learner = %s", (self.learner.learner,)).fetchone()
        if row is None:
            raise NoteForNobody("its learner was erased just now: leave the note out", "$.note")
        sealed = self.vault.seal(self.learner, _purpose(self.credential, self.version), self.note)
        cursor.execute(
            "INSERT INTO vault.status_notes (credential, version, learner, change, written, sealed)"
            " VALUES (%s, %s, %s, %s, now(), %s)",
            (self.credential, self.version, self.learner.learner, self.change, sealed),
        )


def build_note_row(
    vault: Vault,
    cursor: Cursor[DictRow],
    learner: str | None,
    credential: str,
    version: int,
    change: str,
    note: str,
) -> NoteRow:
    """Return the row that stores a note. Raises `NoteForNobody`."""
    holder = None if learner is None else vault.read_learner(cursor, learner)
    if holder is None:
        raise NoteForNobody("the credential's learner was erased: a note on it cannot be kept; leave it out", "$.note")
    return NoteRow(vault, holder.learner, credential, version, change, note)


def read_notes(vault: Vault, cursor: Cursor[DictRow], credential: str) -> list[StatusNote]:
    """Return the notes on a credential's changes, the first change first."""
    return list(read_notes_by_version(vault, cursor, credential).values())


def read_notes_by_version(vault: Vault, cursor: Cursor[DictRow], credential: str) -> dict[int, StatusNote]:
    """Return the notes on a credential's changes by its version after each change."""

    def read() -> dict[int, StatusNote]:
        rows = cursor.execute(
            "SELECT version, learner::text, change, written, sealed FROM vault.status_notes WHERE credential = %s"
            " ORDER BY version",
            (credential,),
        ).fetchall()
        if not rows or (holder := vault.read_learner(cursor, rows[0]["learner"])) is None:
            return {}
        return {
            row["version"]: StatusNote(
                row["change"],
                row["written"],
                vault.open(holder.learner, _purpose(credential, row["version"]), row["sealed"]),
            )
            for row in rows
        }

    return retry_read(read)


def move_notes(vault: Vault, cursor: Cursor[DictRow], credential: str, source: Learner, target: Learner) -> None:
    """Seal a credential's notes under another learner's key, to whom they belong from now on."""
    rows = cursor.execute(
        "SELECT version, sealed FROM vault.status_notes WHERE credential = %s AND learner = %s",
        (credential, source.learner),
    ).fetchall()
    for row in rows:
        purpose = _purpose(credential, row["version"])
        sealed = vault.seal(target, purpose, vault.open(source, purpose, row["sealed"]))
        cursor.execute(
            "UPDATE vault.status_notes SET learner = %s, sealed = %s WHERE credential = %s AND version = %s",
            (target.learner, sealed, credential, row["version"]),
        )


def note_fault(note: str) -> str | None:
    """Return what is wrong with the text of a note, or None."""
    if len(note) > MAX_NOTE:
        return f"has {len(note):,} characters, {MAX_NOTE:,} at most"
    if "\N{REPLACEMENT CHARACTER}" in note or not note.replace("\n", " ").replace("\t", " ").isprintable():
        return "holds characters that cannot be printed"
    if begins_formula(note):
        return "begins with a character that a spreadsheet would run as a formula; remove it"
    return None


def _purpose(credential: str, version: int) -> str:
    return f"note {credential} {version}"
