"""Notes of status changes, which are checked like the notes of rows."""

from registry.application.status_notes import note_fault
from registry.intake.rows.row_texts import clean_text


def status_note_fault(note: str) -> str | None:
    """Return the fault of a note, or None."""
    if (fault := note_fault(note)) is not None:
        return fault
    return clean_text("note", note, keep_text=False)[1] if note else None
