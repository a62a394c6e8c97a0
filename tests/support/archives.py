"""Archives of records that nobody verified, for tests of what only reads their bytes."""

from collections.abc import Sequence
from pathlib import Path

from registry.log import LogUnavailable
from registry.log.archive_manifest import FORMAT, Manifest, Segment, load, save
from registry.log.framing import Framing
from registry.log.segments import Description, SegmentWriter
from tests.support.commits import CONSORTIUM


def add_segment(folder: Path, stream: str, records: Sequence[bytes]) -> None:
    """Add records, in the form of commits, to a stream's archive as one more segment."""
    try:
        manifest = load(folder)
    except LogUnavailable:
        manifest = Manifest(FORMAT, CONSORTIUM, "00" * 32, {})
    segments = manifest.streams.get(stream, [])
    if not records:
        save(folder, manifest.with_stream(stream, segments))
        return
    framing = Framing(f"{CONSORTIUM}/{stream}")
    first = segments[-1].last if segments else 0
    writer, leaf = SegmentWriter(folder / stream), first
    for record in records:
        writer.add(leaf, record)
        leaf = framing.claimed_size(record) or leaf
    note = f"head at {leaf}"
    description = Description(CONSORTIUM, stream, first, leaf, writer.uncompressed, [], [], "base", note, writer.leaves)
    written = writer.finish(description)
    segment = Segment(first, leaf, written.bytes, writer.uncompressed, written.sha256, note)
    save(folder, manifest.with_stream(stream, [*segments, segment]))
