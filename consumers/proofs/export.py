"""A static log: checkpoint, hash tiles and entry bundles as files that any web server or object store can serve.

The layout is C2SP tlog-tiles'. Hash tiles name nobody and prove structure only, so anybody may have them;
entry bundles hold the events and are for members and auditors. Running it again writes the new files. The checkpoint
is written last, so that a reader always finds the tiles that it needs.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from consumers.proofs.receipts import head_of
from consumers.proofs.tiles import Tiles
from consumers.streams.stream import REPLAY_BYTES
from registry.log import SharedLog
from registry.log.durable_files import replace_file
from registry.wire import commit as wire
from registry.wire.checkpoint import SignedNote
from registry.wire.errors import InvalidProof, MalformedCommit, MalformedNote
from registry.wire.merkle import leaf_hash
from registry.wire.tiles import WIDTH, Tile, bundle, split, tiles_of

_CHECKPOINT = "checkpoint"


class CannotExport(Exception):
    """The folder holds another log, or a newer state of this one."""


def export(log: SharedLog, stream: str, tiles: Tiles, folder: Path, *, entries: bool) -> int:
    """Bring a stream's static files up to its tiles; return the number of new leaves.

    Raises `CannotExport` where the folder's checkpoint is not an earlier head of this stream.
    """
    note = head_of(log, stream, tiles)
    size, since = note.checkpoint.size, _read_exported_size(folder, note, tiles)
    for tile in tiles_of(size, since):
        _write(folder / tile.path, tiles.read(tile))
    if entries:
        have = since if (folder / "tile" / "entries").exists() else 0
        for tile, lines in _bundles(log, stream, have, size):
            if [leaf_hash(line) for line in lines] != split(tiles.read(tile)):
                raise InvalidProof(f"the entries under {tile.path} are not those of the tree")
            _write(folder / tile.bundle_path, bundle(lines))
    _write(folder / _CHECKPOINT, str(note).encode())
    for tile in tiles_of(since):
        if tile.width < WIDTH and size >= (tile.number + 1) * WIDTH ** (tile.level + 1):
            for path in (tile.path, tile.bundle_path)[: 2 if tile.level == 0 else 1]:
                (folder / path).unlink(missing_ok=True)
    return size - since


def _read_exported_size(folder: Path, note: SignedNote, tiles: Tiles) -> int:
    try:
        text = (folder / _CHECKPOINT).read_text()
    except FileNotFoundError:
        return 0
    try:
        head, _, signatures = text.partition("\n\n")
        before = SignedNote.parse(head + "\n", signatures).checkpoint
    except MalformedNote as error:
        raise CannotExport(f"{folder / _CHECKPOINT} is not a checkpoint: {error}; remove the folder") from error
    if before.origin != note.checkpoint.origin:
        raise CannotExport(f"{folder} holds the log of {before.origin}")
    if before.size > tiles.size or tiles.root(before.size) != before.root:
        raise CannotExport(f"{folder} holds another history of {before.origin}, to {before.size}; keep it as evidence")
    return before.size


def _bundles(log: SharedLog, stream: str, since: int, size: int) -> Iterator[tuple[Tile, list[bytes]]]:
    """Yield entry bundles from the first incomplete one on; the caller compares each line with the tiles."""
    at = since // WIDTH * WIDTH
    waiting: list[bytes] = []
    for base, lines in _lines(log, stream, at):
        if base + len(lines) <= at or base > at:
            continue
        waiting += lines[at - base :]
        at = base + len(lines)
        while len(waiting) >= WIDTH or (at >= size and waiting):
            number = (at - len(waiting)) // WIDTH
            width = min(WIDTH, len(waiting), size - number * WIDTH)
            yield Tile(0, number, width), waiting[:width]
            waiting = waiting[width:]
            if number * WIDTH + width >= size:
                return


def _lines(log: SharedLog, stream: str, leaf: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the base and the lines of commits from that of a leaf on; the base shows which are stale."""
    at = log.seek(stream, leaf)
    while records := log.read(stream, at, REPLAY_BYTES):
        for record in records:
            with contextlib.suppress(MalformedCommit):
                commit = wire.parse(record.data)
                yield commit.base, commit.lines
        at = records[-1].next


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: a web server may be serving it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, data, durable=False)
