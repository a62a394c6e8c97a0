"""The heads that a witness has cosigned, or is about to: on the disk before a cosignature leaves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from consumers.streams.appending import append_lines, read_lines
from registry.log.durable_files import replace_file

_MAX_OLD_LINES: Final = 4096
"""Lines beyond one for each stream at which the journal is rewritten."""


class Seen(msgspec.Struct, frozen=True):
    """The largest head of one origin that a witness cosigned, or is about to."""

    origin: str
    size: int
    root: str
    """In base64."""


class Journal:
    """The heads seen, a line each. The last line of an origin counts; a torn last line is ignored."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.seen: dict[str, Seen] = {}
        self._lines = 0
        for line in read_lines(file):
            entry = msgspec.json.decode(line, type=Seen)
            self.seen[entry.origin] = entry
            self._lines += 1

    def write(self, entries: Iterable[Seen]) -> None:
        """Write heads to the disk, before they are cosigned. Raises `TwoHeads`."""
        fresh = list(entries)
        if not fresh:
            return
        for entry in fresh:
            before = self.seen.get(entry.origin)
            if before is not None and (
                entry.size < before.size or (entry.size == before.size and entry.root != before.root)
            ):
                raise TwoHeads(
                    f"{entry.origin}: {before.size} leaves were cosigned, and now {entry.size}, another head"
                )
        self._file.parent.mkdir(parents=True, exist_ok=True)
        append_lines(self._file, map(msgspec.json.encode, fresh))
        self.seen |= {entry.origin: entry for entry in fresh}
        self._lines += len(fresh)
        if self._lines > len(self.seen) + _MAX_OLD_LINES:
            self._rewrite()

    def _rewrite(self) -> None:
        replace_file(self._file, b"".join(msgspec.json.encode(entry) + b"\n" for entry in self.seen.values()))
        self._lines = len(self.seen)


class TwoHeads(Exception):
    """A witness would cosign a head that contradicts one that it has cosigned, or an earlier one."""
