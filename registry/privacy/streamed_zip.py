"""A ZIP file that is made while it is sent: nothing of it is on the disk, and little of it in memory."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

MANIFEST: Final = "manifest.json"


class ArchiveFile(NamedTuple):
    """One file of an archive."""

    name: str
    content: bytes
    is_cut: bool = False
    """True if it has not all that there is."""


class _Entry(msgspec.Struct, frozen=True):
    name: str
    bytes: int
    sha256: str


class _Sink:
    """A file that is only written, and emptied again and again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Add bytes."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: `take` empties it."""

    def close(self) -> None:
        """Do nothing, likewise."""

    def take(self) -> bytes:
        """Return the bytes since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def stream_zip(files: Iterable[ArchiveFile], described: dict[str, object], at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of these files. Its last file is a manifest: `described`, the SHA-256 of each file, which are cut."""
    sink = _Sink()
    entries: list[_Entry] = []
    cut: list[str] = []
    moment = at.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entries.append(_Entry(file.name, len(file.content), hashlib.sha256(file.content).hexdigest()))
            if file.is_cut:
                cut.append(file.name)
            archive.writestr(zipfile.ZipInfo(file.name, moment), file.content, zipfile.ZIP_DEFLATED)
            yield sink.take()
        manifest = msgspec.json.format(msgspec.json.encode({**described, "cut": cut, "files": entries}), indent=2)
        archive.writestr(zipfile.ZipInfo(MANIFEST, moment), manifest, zipfile.ZIP_DEFLATED)
    yield sink.take()
