"""Cosigned heads, kept beside the streams: one append-only file a stream, read whole when it is opened."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from consumers.appending import append_durably
from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey
from registry.wire.errors import MalformedNote


def parse_note(text: str) -> SignedNote:
    """A checkpoint with its signatures. Raises `MalformedNote`."""
    head, blank, lines = text.partition("\n\n")
    if not blank:
        raise MalformedNote("a signed note is two paragraphs")
    return SignedNote.parse(head + "\n", lines)


class Cosignatures:
    """The cosigned notes of all streams in a folder. Only lines by known witnesses that verify are kept."""

    def __init__(self, folder: Path, witnesses: Sequence[CosignerKey]) -> None:
        self._folder = folder
        self._witnesses = list(witnesses)
        self._known: dict[str, dict[int, SignedNote]] = {}

    def _of(self, origin: str) -> dict[int, SignedNote]:
        if origin not in self._known:
            kept: dict[int, SignedNote] = {}
            file = self._file(origin)
            data = file.read_bytes() if file.exists() else b""
            # Each note is two paragraphs and followed by an empty line; what comes after the last is a torn write.
            parts = data.split(b"\n\n")
            whole = len(parts) - 1 - (len(parts) - 1) % 2
            for head, lines in zip(parts[0:whole:2], parts[1:whole:2], strict=True):
                note = SignedNote.parse(head.decode() + "\n", lines.decode() + "\n")
                kept[note.checkpoint.size] = self._merged(kept.get(note.checkpoint.size), note)
            if (length := sum(len(part) + 2 for part in parts[:whole])) < len(data):
                os.truncate(file, length)
            self._known[origin] = kept
        return self._known[origin]

    def _file(self, origin: str) -> Path:
        return self._folder / (origin.replace("/", "~") + ".notes")

    def add(self, note: SignedNote) -> int:
        """Keep the lines by known witnesses that verify; gives how many are new.

        Of two roots at one size the first stays: what contradicts it is evidence, and not for here.
        """
        origin, size = note.checkpoint.origin, note.checkpoint.size
        known = self._of(origin)
        before = known.get(size)
        if before is not None and before.checkpoint.root != note.checkpoint.root:
            return 0
        good = {(w.name, w.key_id) for w in self._witnesses if w.time_of(note) is not None}
        have = {(s.name, s.key_id) for s in before.signatures} if before is not None else set()
        fresh = [s for s in note.signatures if (s.name, s.key_id) in good - have]
        if not fresh:
            return 0
        own = [s for s in note.signatures if s.name == origin]
        kept = SignedNote(note.checkpoint, note.text, (*own, *fresh))
        self._folder.mkdir(parents=True, exist_ok=True)
        append_durably(self._file(origin), f"{kept}\n".encode())
        known[size] = self._merged(before, kept)
        return len(fresh)

    @staticmethod
    def _merged(before: SignedNote | None, note: SignedNote) -> SignedNote:
        if before is None or before.text != note.text:
            return before or note
        lines = {(s.name, s.key_id): s for s in (*before.signatures, *note.signatures)}
        return SignedNote(note.checkpoint, note.text, tuple(lines.values()))

    def at(self, origin: str, size: int) -> SignedNote | None:
        """The cosigned head of that size."""
        return self._of(origin).get(size)

    def newest(self, origin: str, up_to: int | None = None) -> SignedNote | None:
        """The largest cosigned head, at most of that size."""
        sizes = [size for size in self._of(origin) if up_to is None or size <= up_to]
        return self._of(origin)[max(sizes)] if sizes else None

    def sizes_by(self, origin: str, time: datetime) -> int | None:
        """The largest size that was cosigned by a time; None where nothing was."""
        found = [
            size
            for size, note in self._of(origin).items()
            if any((at := w.time_of(note)) is not None and at <= time for w in self._witnesses)
        ]
        return max(found, default=None)
