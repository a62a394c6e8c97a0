"""Sending a batch that was handed over back to the clerks, with a note that says why."""

from typing import Final

from registry.batches.batch import WrongState
from registry.batches.imports.import_store import ImportStore
from registry.http import FieldError, HttpProblem

_MAX_NOTE: Final = 2000


def send_back(imports: ImportStore, batch: str, by: str, note: str) -> None:
    """Send a batch back. Raises `HttpProblem` for a note that is missing, `WrongState` for a system's batch."""
    if not 0 < len(note) <= _MAX_NOTE or "\0" in note:
        error = FieldError("note", f"say why, in {_MAX_NOTE:,} characters at most", "note")
        raise HttpProblem("unprocessable", errors=[error])
    hand_over = imports.find_hand_over(batch)
    if hand_over is None:
        raise WrongState("The batch was sent by a system and cannot be sent back; leave it, or have it cancelled.")
    imports.send_back(hand_over, by, note)
