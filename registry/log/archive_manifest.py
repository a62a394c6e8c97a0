"""An archive's manifest: the file that names its segments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from registry.log import STREAM_NAME
from registry.log.durable_files import replace_file
from registry.log.errors import ArchiveDamaged, LogUnavailable
from registry.log.segments import file_name, unavailable

FORMAT: Final = "registry archive 1"
MANIFEST: Final = "manifest.json"


class Segment(msgspec.Struct, frozen=True):
    """One segment as the manifest names it. Sizes are tree sizes; `bytes` is the file's, `sha256` hexadecimal."""

    first: int
    last: int
    bytes: int
    uncompressed: int
    sha256: str
    note: str
    """The signed head at `last`."""

    @property
    def name(self) -> str:
        """The file's name in the stream's folder."""
        return file_name(self.first, self.last)


class Manifest(msgspec.Struct, frozen=True):
    """The list of an archive's segments."""

    format: str
    consortium: str
    founded: str
    """Hash of governance's leaf 0, in hexadecimal."""
    streams: dict[str, list[Segment]]

    def with_stream(self, stream: str, segments: Sequence[Segment]) -> "Manifest":
        """Return a copy with another list of segments for one stream."""
        return msgspec.structs.replace(self, streams={**self.streams, stream: list(segments)})


def load(folder: Path) -> Manifest:
    """Read the manifest of an archive. Raises `LogUnavailable` where there is none, `ArchiveDamaged` for a bad one."""
    file = folder / MANIFEST
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise LogUnavailable(f"there is no archive at {folder}; name the folder that holds {MANIFEST}") from error
    except OSError as error:
        raise unavailable(file, error) from error
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ArchiveDamaged(f"{file}: not a manifest: {error}") from error
    if manifest.format != FORMAT:
        raise ArchiveDamaged(f"{file}: of the format {manifest.format[:40]!r}, not {FORMAT!r}")
    for stream, segments in manifest.streams.items():
        if STREAM_NAME.fullmatch(stream) is None:
            raise ArchiveDamaged(f"{file}: {stream[:60]!r} cannot be a stream")
        ends = [0] + [s.last for s in segments]
        if any(
            s.first != end or s.last <= s.first or s.uncompressed <= 0 for s, end in zip(segments, ends, strict=False)
        ):
            raise ArchiveDamaged(f"{file}: the segments of {stream} do not follow one another from 0")
    return manifest


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest, completely or not at all."""
    file = folder / MANIFEST
    try:
        replace_file(file, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    except OSError as error:
        raise unavailable(file, error) from error
