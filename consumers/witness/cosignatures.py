"""Cosigned heads in files: one append-only file for each stream, read whole and verified when used."""

import errno
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from consumers.streams.appending import append_durably
from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey
from registry.wire.errors import MalformedNote

LINE_ENDS_CHANGED: Final = "the file's line ends were changed (CRLF): copy it in binary mode"

_SIGNATURE: Final = "— ".encode()
_CUT_NOTE: Final = re.compile(
    # size, root, an empty line, signature lines; cut after any byte
    rb"(\d{0,19}|\d{1,19}\n[A-Za-z0-9+/=]{0,44}|\d{1,19}\n[A-Za-z0-9+/=]{44}\n"
    rb"|\d{1,19}\n[A-Za-z0-9+/=]{44}\n\n"
    rb"(\xe2\x80\x94 [^\s\x00]+ [A-Za-z0-9+/=]+\n)*"
    rb"(\xe2|\xe2\x80|\xe2\x80\x94( [^\s\x00]*( [A-Za-z0-9+/=]*)?)?)?)"
)


def parse_note(text: str) -> SignedNote:
    """Parse a checkpoint with its signatures. Raises `MalformedNote`."""
    head, blank, lines = text.partition("\n\n")
    if not blank:
        raise MalformedNote("a signed note is two paragraphs")
    return SignedNote.parse(head + "\n", lines)


class DamagedCosignatures(OSError):
    """A file where cosigned heads belong has another content: nothing is added to it."""


class Contents(NamedTuple):
    """The content of a file of cosigned heads, verified."""

    file: Path
    unreadable: str
    """The reason why it cannot be read; empty if it can, or if there is no such file."""
    not_cosigned: int
    """The number of its notes that are ignored: without a known witness, of another stream, damaged, or cut off."""


class _Notes(NamedTuple):
    """The notes of one file, as they are in it."""

    by_size: dict[int, list[SignedNote]]
    """The notes of the stream, by size; not verified."""
    foreign: int
    """The number of notes of other streams."""
    damaged: int
    """The number of damaged notes."""
    whole_bytes: int
    """The end of the last whole note."""
    total_bytes: int
    unreadable: str
    """The reason why the file has no cosigned heads; empty if it has."""


class Cosignatures:
    """The cosigned notes of all streams in a folder. Reading never writes there.

    A file may come from anybody: a note counts only where its origin is the stream's and a known witness's line over
    it verifies.
    """

    def __init__(self, folder: Path, witnesses: Sequence[CosignerKey]) -> None:
        self._folder = folder
        self._witnesses = list(witnesses)
        self._read: dict[str, _Notes] = {}
        self._verified: dict[tuple[str, int], SignedNote | None] = {}

    def _notes(self, origin: str) -> _Notes:
        if origin not in self._read:
            file = self._file(origin)
            self._read[origin] = _parse(file.read_bytes() if file.exists() else b"", origin)
        return self._read[origin]

    def _file(self, origin: str) -> Path:
        return self._folder / (origin.replace("/", "~") + ".notes")

    def contents(self, origin: str) -> Contents:
        """Verify the whole file of an origin; return the notes, and the number of those that are ignored."""
        file = self._file(origin)
        try:
            notes = self._notes(origin)
        except OSError as error:
            return Contents(file, f"it cannot be read: {error.strerror}", 0)
        if notes.unreadable:
            return Contents(file, notes.unreadable, 0)
        own = [note for of_size in notes.by_size.values() for note in of_size]
        not_cosigned = sum(self._keep_trusted_lines(note) is None for note in own)
        cut = notes.whole_bytes < notes.total_bytes
        return Contents(file, "", not_cosigned + notes.foreign + notes.damaged + cut)

    def _keep_trusted_lines(self, note: SignedNote) -> SignedNote | None:
        """Return a note with the valid lines of its log and of known witnesses; None without any witness."""
        good = {(w.name, w.key_id) for w in self._witnesses if w.time_of(note) is not None}
        if not good:
            return None
        origin = note.checkpoint.origin
        lines = tuple(s for s in note.signatures if s.name == origin or (s.name, s.key_id) in good)
        return SignedNote(note.checkpoint, note.text, lines)

    def add(self, note: SignedNote) -> int:
        """Keep the valid lines of known witnesses; return the number of new ones.

        Of two roots at one size the first stays: what contradicts it is evidence, and not for here. Raises
        `DamagedCosignatures` where the file is not one that this program wrote.
        """
        origin, size = note.checkpoint.origin, note.checkpoint.size
        before = self.at(origin, size)
        if before is not None and before.checkpoint.root != note.checkpoint.root:
            return 0
        good = {(w.name, w.key_id) for w in self._witnesses if w.time_of(note) is not None}
        have = {(s.name, s.key_id) for s in before.signatures} if before is not None else set()
        fresh = [s for s in note.signatures if (s.name, s.key_id) in good - have]
        if not fresh:
            return 0
        own = [s for s in note.signatures if s.name == origin]
        combined = SignedNote(note.checkpoint, note.text, (*own, *fresh))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._cut_torn_end(origin)
        append_durably(self._file(origin), f"{combined}\n".encode())
        self._notes(origin).by_size.setdefault(size, []).append(combined)
        self._verified[origin, size] = self._merge_notes(before, combined)
        return len(fresh)

    def _cut_torn_end(self, origin: str) -> None:
        """Cut off the partial note of an interrupted write; everything else stays as it is."""
        file = self._file(origin)
        data = file.read_bytes() if file.exists() else b""
        notes = _parse(data, origin)
        end = data[notes.whole_bytes :]
        if not end:
            return
        if not _begins_a_note(end, origin):
            why = notes.unreadable or "its end is damaged, not merely cut off"
            raise DamagedCosignatures(errno.EBADMSG, f"{why}; move it away, and witnesses cosign again", str(file))
        os.truncate(file, notes.whole_bytes)

    @staticmethod
    def _merge_notes(before: SignedNote | None, note: SignedNote) -> SignedNote:
        if before is None or before.text != note.text:
            return before or note
        lines = {(s.name, s.key_id): s for s in (*before.signatures, *note.signatures)}
        return SignedNote(note.checkpoint, note.text, tuple(lines.values()))

    def at(self, origin: str, size: int) -> SignedNote | None:
        """Return the head of that size that known witnesses cosigned."""
        if (origin, size) not in self._verified:
            merged: SignedNote | None = None
            for note in self._notes(origin).by_size.get(size, ()):
                if (trusted := self._keep_trusted_lines(note)) is not None:
                    merged = self._merge_notes(merged, trusted)
            self._verified[origin, size] = merged
        return self._verified[origin, size]

    def newest(self, origin: str, up_to: int | None = None) -> SignedNote | None:
        """Return the largest cosigned head, at most of that size."""
        sizes = sorted((s for s in self._notes(origin).by_size if up_to is None or s <= up_to), reverse=True)
        return next((note for size in sizes if (note := self.at(origin, size)) is not None), None)

    def sizes_by(self, origin: str, time: datetime) -> int | None:
        """Return the largest size that was cosigned by a time; None if there is none."""
        for size in sorted(self._notes(origin).by_size, reverse=True):
            note = self.at(origin, size)
            if note is not None and any((t := w.time_of(note)) is not None and t <= time for w in self._witnesses):
                return size
        return None


def _parse(data: bytes, origin: str) -> _Notes:
    """Read the notes of an origin: two paragraphs each, followed by an empty line."""
    paragraphs = data.split(b"\n\n")
    by_size: dict[int, list[SignedNote]] = {}
    foreign = damaged = whole = at = 0
    head = b""
    for paragraph in paragraphs[:-1]:
        at += len(paragraph) + 2
        if not paragraph.startswith(_SIGNATURE):
            damaged += bool(head)  # a head without signatures
            head = paragraph
            continue
        try:
            note = SignedNote.parse(head.decode() + "\n", paragraph.decode() + "\n")
        except (MalformedNote, UnicodeDecodeError):
            damaged += 1
        else:
            if note.checkpoint.origin == origin:
                by_size.setdefault(note.checkpoint.size, []).append(note)
            else:
                foreign += 1
        head, whole = b"", at
    unreadable = ""
    if data and not by_size and not foreign and not _begins_a_note(data, origin):
        crlf = b"\r\n" in data
        unreadable = LINE_ENDS_CHANGED if crlf else "it is not a file of cosigned heads"
    return _Notes(by_size, foreign, damaged, whole, len(data), unreadable)


def _begins_a_note(data: bytes, origin: str) -> bool:
    """Return whether bytes are a note of an origin that was cut somewhere."""
    start = f"{origin}\n".encode()
    return start.startswith(data) or (data.startswith(start) and _CUT_NOTE.fullmatch(data, len(start)) is not None)
