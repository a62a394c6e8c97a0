"""Signatures of the heads in audit reports."""

from collections.abc import Sequence

from consumers.witness.cosignatures import parse_note
from registry.wire.errors import MalformedNote
from registry.wire.keys import VerifierKey


def is_signed(text: str, keys: Sequence[VerifierKey]) -> bool:
    """Return whether a note is signed by one of these keys, and every line that names one of them verifies."""
    try:
        note = parse_note(text)
    except MalformedNote:
        return False
    lines = note.by(keys)
    return bool(lines) and all(key.verifies(line.signature, note.text.encode()) for key, line in lines)
