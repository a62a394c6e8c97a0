"""A stream's hash tiles, kept as files: the store that proofs are made from.

It is made from verified commits and can be thrown away. Full tiles are written before the state that counts them, so
that tiles which a crash leaves behind are written again. Hashes from the store are used only after they have led to a
known root.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from consumers.governance.governance import GovernanceFold
from consumers.streams.cursor import Cursor, Mark, confirm, mark_of, still_stands
from consumers.streams.stream import BATCH_BYTES, read_on
from consumers.streams.verifier import FORM, OK, REPEAT, MemberTrust, Verifier
from registry.log import GOVERNANCE, SharedLog
from registry.log.durable_files import replace_file
from registry.rules.governance import MemberRecord
from registry.wire import merkle
from registry.wire.errors import InvalidProof
from registry.wire.merkle import HASH_SIZE, Tree, root_of
from registry.wire.tiles import HEIGHT, WIDTH, Tile, split, subtrees

_STATE: Final = "state.json"
_SETTLED: Final = FORM | {OK, REPEAT}
"""Verdicts that governance cannot change."""


class TileState(msgspec.Struct, frozen=True):
    """The state of a stream's tiles."""

    size: int
    hashes: list[str]
    """The compact range, in hexadecimal."""
    next: int
    """The position at which reading the log goes on."""
    governance: int
    """The governance tree size under which the stream was judged."""
    anchors: int
    doubtful: bool
    """True if a record was refused for a reason that governance may change."""
    last: int | None = None
    """The position of the record that led to the tree; None: unknown."""
    mark: Mark | None = None
    """The newest record that was read; None: unknown."""

    @property
    def tree(self) -> Tree:
        """The tree so far."""
        return Tree(self.size, [bytes.fromhex(text) for text in self.hashes])


_NEW: Final = TileState(0, [], 0, 0, 0, doubtful=False)


class _Edge(NamedTuple):
    """The right edge of a level: the number of full tiles, and the hashes of the next one."""

    full: int
    hashes: list[bytes]


class DamagedTiles(InvalidProof):
    """The tiles do not lead to the expected root. They can be made again from the log."""


class Tiles:
    """One stream's tiles in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = self._read_state()
        self._edge: list[_Edge] | None = None
        self._cached = lru_cache(maxsize=256)(self.read)

    @property
    def size(self) -> int:
        """The number of leaves that the tiles cover."""
        return self.state.size

    def _read_state(self) -> TileState:
        try:
            return msgspec.json.decode((self.folder / _STATE).read_bytes(), type=TileState)
        except (FileNotFoundError, msgspec.DecodeError):
            return _NEW  # missing or unreadable: the tiles are made again

    # Writing

    def append(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes; they count once `save` has been called."""
        edge = self._open_edge()
        fresh = list(leaves)
        for level in count():
            if not fresh:
                break
            if level == len(edge):
                edge.append(_Edge(0, []))
            full, rest = edge[level].full, edge[level].hashes
            rest += fresh
            fresh = []
            while len(rest) >= WIDTH:
                hashes = rest[:WIDTH]
                del rest[:WIDTH]
                self._write(Tile(level, full).path, b"".join(hashes))
                fresh.append(root_of(hashes))
                full += 1
            edge[level] = _Edge(full, rest)

    def _open_edge(self) -> "list[_Edge]":
        if self._edge is None:
            self._edge = []
            while there := self.size >> (HEIGHT * len(self._edge)):
                full, width = divmod(there, WIDTH)
                rest = split(self.read(Tile(len(self._edge), full, width))) if width else []
                self._edge.append(_Edge(full, rest))
        return self._edge

    def save(self, state: TileState) -> None:
        """Write the partial tiles and the state, so that the appended leaves count."""
        before = self.size
        for level, (full, rest) in enumerate(self._open_edge()):
            if rest:
                self._write(Tile(level, full, len(rest)).path, b"".join(rest))
        self._replace(_STATE, msgspec.json.encode(state))
        self.state = state
        self._cached.cache_clear()
        self._drop_partials(before)

    def _drop_partials(self, before: int) -> None:
        for level in count():
            old = before >> (HEIGHT * level)
            if not old:
                break
            if old % WIDTH and old != self.size >> (HEIGHT * level):
                (self.folder / Tile(level, old // WIDTH, old % WIDTH).path).unlink(missing_ok=True)

    def clear(self) -> None:
        """Begin again with no leaves; existing files are overwritten as the tree grows."""
        self.state, self._edge = _NEW, None
        self._replace(_STATE, msgspec.json.encode(_NEW))

    def _write(self, path: str, data: bytes) -> None:
        file = self.folder / path
        try:
            file.write_bytes(data)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def _replace(self, name: str, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / name, data)

    # Reading

    def read(self, tile: Tile) -> bytes:
        """Return a tile, or the same number of hashes of a wider one. Raises `DamagedTiles`."""
        for wider in (tile, Tile(tile.level, tile.number)):
            try:
                return (self.folder / wider.path).read_bytes()[: tile.width * HASH_SIZE]
            except FileNotFoundError:
                continue
        # The working store keeps the newest partial tile of each level only.
        newest = min(WIDTH, (self.size >> (HEIGHT * tile.level)) - tile.number * WIDTH)
        try:
            return (self.folder / Tile(tile.level, tile.number, newest).path).read_bytes()[: tile.width * HASH_SIZE]
        except FileNotFoundError as error:
            raise DamagedTiles(
                f"tile {tile.path} is missing in {self.folder}; `registry log tiles build --rebuild`"
            ) from error

    def root(self, size: int) -> bytes:
        """Return the root of the tree's first `size` leaves, checked against the newest root.

        Raises `DamagedTiles` if the tiles do not lead there.
        """
        self._within(size)
        if not size:
            return merkle.EMPTY_ROOT
        root = subtrees(self.size, self._cached)(0, size)
        path = self.consistency(size, self.size) if size < self.size else []
        try:
            merkle.verify_consistency(size, root, self.size, self.state.tree.root, path)
        except InvalidProof as error:
            raise DamagedTiles(
                f"the tiles in {self.folder} are damaged ({error}); `registry log tiles build --rebuild`"
            ) from error
        return root

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the inclusion path of a leaf in the tree of `size` leaves."""
        self._within(size)
        return merkle.inclusion_proof(index, size, subtrees(self.size, self._cached))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the consistency path that shows that the newer tree begins with the older."""
        self._within(new)
        return merkle.consistency_proof(old, new, subtrees(self.size, self._cached))

    def leaf(self, index: int) -> bytes:
        """Return the hash of a leaf."""
        self._within(index + 1)
        return subtrees(self.size, self._cached)(index, index + 1)

    def _within(self, size: int) -> None:
        if size > self.size:
            raise InvalidProof(f"the tiles cover {self.size} leaves, not {size}")


def follow(tiles: Tiles, log: SharedLog, stream: str, governance: GovernanceFold) -> int:
    """Bring a stream's tiles up to the log's present end; return how many leaves were added.

    Raises `LogGone`, `TailLost`, `HeadLost` or `HistoryRewritten` if the log no longer holds what the tiles cover.
    """
    if stream == GOVERNANCE:
        return _follow_governance(tiles, governance)
    record = governance.state.members[stream]
    if not _is_valid(tiles, record):
        tiles.clear()
    trust = MemberTrust(governance.state.consortium, record)
    before, state = tiles.size, tiles.state
    mark = state.mark
    rewind = mark is None or not still_stands(log, stream, mark)
    here = confirm(log, stream, trust, Cursor(state.tree, state.last, state.next), rewind=rewind)
    if here.tree != state.tree:
        tiles.clear()
        before, state = 0, tiles.state
    verifier, last = Verifier(trust, here.tree), here.last
    doubtful, at = state.doubtful, here.next
    while records := read_on(log, stream, at, BATCH_BYTES):
        for log_record in records:
            verdict = verifier.judge(log_record.data)
            tiles.append(verdict.leaves)
            last = log_record.position if verdict.code == OK else last
            doubtful = doubtful or verdict.code not in _SETTLED
        at, mark = records[-1].next, mark_of(records[-1])
        anchors = len(record.anchors)
        tiles.save(_state(verifier.tree, at, governance.size, anchors, doubtful=doubtful, last=last, mark=mark))
    return tiles.size - before


def _follow_governance(tiles: Tiles, governance: GovernanceFold) -> int:
    before = tiles.size
    if before > governance.size or tiles.state.tree.root != root_of(governance.leaves[:before]):
        tiles.clear()
    tiles.append(governance.leaves[tiles.size :])
    tiles.save(_state(governance.tree, 0, governance.size, 0, doubtful=False))
    return tiles.size - before


def _state(
    tree: Tree,
    position: int,
    governance: int,
    anchors: int,
    *,
    doubtful: bool,
    last: int | None = None,
    mark: Mark | None = None,
) -> TileState:
    return TileState(tree.size, [h.hex() for h in tree.hashes], position, governance, anchors, doubtful, last, mark)


def _is_valid(tiles: Tiles, record: MemberRecord) -> bool:
    """True if the tree is still valid under newer governance (SPEC.md, section 5)."""
    state = tiles.state
    if record.changed <= state.governance or state.next == 0:
        return True
    tree = state.tree
    return not state.doubtful and all(
        anchor.size > tree.size or (anchor.size == tree.size and anchor.root_bytes == tree.root)
        for anchor in record.anchors[state.anchors :]
    )
