"""The heads that a witness has cosigned, or is about to: on the disk before a cosignature leaves."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from consumers.streams.appending import append_durably

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
        data = file.read_bytes() if file.exists() else b""
        for line in data[: data.rfind(b"\n") + 1].splitlines():
            entry = msgspec.json.decode(line, type=Seen)
            self.seen[entry.origin] = entry
            self._lines += 1
        if data and not data.endswith(b"\n"):
            self._rewrite()

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
        append_durably(self._file, b"".join(msgspec.json.encode(entry) + b"\n" for entry in fresh))
        self.seen |= {entry.origin: entry for entry in fresh}
        self._lines += len(fresh)
        if self._lines > len(self.seen) + _MAX_OLD_LINES:
            self._rewrite()

    def _rewrite(self) -> None:
        fresh = self._file.with_name(f".{self._file.name}")
        with fresh.open("wb") as file:
            file.write(b"".join(msgspec.json.encode(entry) + b"\n" for entry in self.seen.values()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        self._lines = len(self.seen)


class TwoHeads(Exception):
    """A witness would cosign a head that contradicts one that it has cosigned, or an earlier one."""
