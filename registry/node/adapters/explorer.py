"""Answers for the log explorer: entries, heads and proofs of this node's copy of the log, with its witnesses."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

import msgspec

from consumers.proofs.entries import StreamEntries
from consumers.proofs.receipts import NoReceipt
from consumers.proofs.steps import ConsistencySteps, Step, consistency_steps, inclusion_steps
from consumers.proofs.tiles import DamagedTiles, Tiles, follow
from consumers.streams.verifier import MemberTrust, RootTrust
from consumers.witness.cosignatures import Cosignatures
from registry.http import HttpProblem
from registry.log import GOVERNANCE, origin_of
from registry.node.node import Node
from registry.node.proofs import exclusive_tiles
from registry.wire.checkpoint import SignedNote
from registry.wire.commit import Commit
from registry.wire.keys import VerifierKey
from registry.wire.merkle import leaf_hash, verify_consistency, verify_inclusion

_WAIT_SECONDS: Final = 5.0
_MAX_FOLLOWED: Final = 20_000
"""Entries that a node verifies for a reader's question. The maintenance service does more than that, each minute."""
_RETRY: Final = {"Retry-After": "60"}
_COSIGNATURES_SECONDS: Final = 60.0
"""Age at which cosigned heads are read again; the maintenance service fetches new ones as often."""
T = TypeVar("T")


class Cosigner(msgspec.Struct, frozen=True):
    """A witness that this node relies on and that cosigned a head, with the time."""

    witness: str
    time: datetime


class Head(NamedTuple):
    """A signed head: its note, the member's or the consortium's keys that signed it, and its witnesses."""

    note: SignedNote
    keys: Sequence[VerifierKey]
    cosigned: Sequence[Cosigner]


class EntryLine(NamedTuple):
    """An entry of a page: its place, its line and its leaf hash."""

    leaf: int
    line: bytes
    leaf_hash: bytes


class CommitEntries(NamedTuple):
    """A commit, and those of its entries that a page shows."""

    origin: str
    size: int
    base: int
    keys: Sequence[VerifierKey]
    entries: Sequence[EntryLine]


class ProvenEntry(NamedTuple):
    """An entry, the proof that it is under a head, and the commit that brought it."""

    leaf: int
    line: bytes
    leaf_hash: bytes
    path: Sequence[bytes]
    steps: Sequence[Step]
    head: Head
    brought: Head
    commit_base: int
    tiles_size: int


class ProvenExtension(NamedTuple):
    """Two heads, and the proof that the newer tree begins with the older one."""

    old: Head
    new: Head
    path: Sequence[bytes]
    steps: ConsistencySteps | None
    """None where both heads are the same."""


class WitnessedHead(NamedTuple):
    """The newest head of a stream that witnesses cosigned."""

    size: int
    cosigned: Sequence[Cosigner]


class Explorer:
    """Answers from the log and the tiles. Threads may share it; one at a time reads."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._one_at_a_time = threading.Lock()
        self._cosignatures_lock = threading.Lock()
        self._cosignatures: tuple[float, Cosignatures] | None = None
        """When the cosigned heads were read, and they."""

    def newest_witnessed(self, streams: Sequence[str]) -> dict[str, WitnessedHead]:
        """Return the newest cosigned head of each stream that has one."""
        heads = {}
        with self._open_cosignatures() as store:
            for stream in streams:
                note = store.newest(origin_of(self._node.settings.consortium, stream))
                if note is not None:
                    heads[stream] = WitnessedHead(note.checkpoint.size, self._cosigners(note))
        return heads

    @property
    def witnesses(self) -> list[str]:
        """The names of the witnesses that this node relies on."""
        return [key.name for key in self._node.policy().witnesses]

    def page(self, stream: str, size: int, end: int, count: int) -> list[CommitEntries]:
        """Return `count` entries before `end`, by commit, the newest first. `size` is that of the views."""

        def read(entries: StreamEntries) -> list[CommitEntries]:
            parts = entries.page(max(0, end - count), min(end, entries.tiles.size))
            return [
                CommitEntries(
                    part.commit.checkpoint.origin,
                    part.commit.checkpoint.size,
                    part.commit.base,
                    entries.keys_of(part.commit),
                    [
                        EntryLine(leaf, line, leaf_hash(line))
                        for leaf, line in reversed(list(enumerate(part.lines, part.first)))
                    ],
                )
                for part in reversed(parts)
            ]

        return self._read(stream, size, 0, read)

    def entry(self, stream: str, size: int, leaf: int, under: int) -> ProvenEntry:
        """Return an entry with its proof under the head of size `under`."""

        def read(entries: StreamEntries) -> ProvenEntry:
            head, commit = entries.head_at(under), entries.commit_of(leaf)
            line = commit.lines[leaf - commit.base]
            path, root = entries.tiles.inclusion(leaf, under), head.checkpoint.root
            verify_inclusion(leaf_hash(line), leaf, under, path, root)
            return ProvenEntry(
                leaf,
                line,
                leaf_hash(line),
                path,
                inclusion_steps(leaf_hash(line), leaf, under, path),
                self._head(entries, head),
                self._head(entries, commit),
                commit.base,
                entries.tiles.size,
            )

        return self._read(stream, size, under, read)

    def extension(self, stream: str, size: int, old: int, new: int) -> ProvenExtension:
        """Return the proof that the head of size `new` begins with that of size `old`."""

        def read(entries: StreamEntries) -> ProvenExtension:
            older, newer = entries.head_at(old), entries.head_at(new)
            path = entries.tiles.consistency(old, new) if old < new else []
            root = older.checkpoint.root
            verify_consistency(old, root, new, newer.checkpoint.root, path)
            steps = consistency_steps(old, root, new, path) if old < new else None
            return ProvenExtension(self._head(entries, older), self._head(entries, newer), path, steps)

        return self._read(stream, size, new, read)

    def _head(self, entries: StreamEntries, commit: Commit) -> Head:
        with self._open_cosignatures() as store:
            note = store.at(commit.checkpoint.origin, commit.checkpoint.size)
        agrees = note is not None and note.checkpoint.root == commit.checkpoint.root
        return Head(commit.note, entries.keys_of(commit), self._cosigners(note) if agrees and note is not None else [])

    @contextmanager
    def _open_cosignatures(self) -> Iterator[Cosignatures]:
        """Yield the cosigned heads to one thread at a time. Their files are read again each minute: they are large."""
        with self._cosignatures_lock:
            now = time.monotonic()
            if self._cosignatures is None or now - self._cosignatures[0] > _COSIGNATURES_SECONDS:
                self._cosignatures = now, self._node.cosignatures()
            yield self._cosignatures[1]

    def _cosigners(self, note: SignedNote) -> list[Cosigner]:
        times = [(key.name, key.time_of(note)) for key in self._node.policy().witnesses]
        return [Cosigner(name, time) for name, time in times if time is not None]

    def _read(self, stream: str, size: int, needed: int, read: Callable[[StreamEntries], T]) -> T:
        """Return what `read` reads in a stream, which the views have up to `size`.

        Raises `HttpProblem` where the log has no such entry or head, and where the tiles do not reach `needed` yet.
        """
        with self._turn():
            for last_try in (False, True):
                try:
                    return read(self._open(stream, size, needed))
                except DamagedTiles:
                    if last_try:
                        raise
                    # Another process has just written wider tiles: read their state again.
                except NoReceipt as error:
                    raise HttpProblem("not-found", str(error)) from error
        raise AssertionError("the last try returned or raised")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._one_at_a_time.acquire(timeout=_WAIT_SECONDS):
            detail = "other entries of the log are being read; try again"
            raise HttpProblem("unavailable", detail, headers={"Retry-After": "5"})
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def _open(self, stream: str, size: int, needed: int) -> StreamEntries:
        """Return a stream's entries, with tiles up to `size` if little is missing."""
        if needed > size:
            raise NoReceipt(f"{stream} has {size} entries, as far as this node has read")
        node, fold = self._node, self._node.governance_follower.fold()
        record = fold.state.members.get(stream)
        if not fold.size:
            raise HttpProblem("unavailable", "this node cannot read the log now", headers={"Retry-After": "5"})
        if stream != GOVERNANCE and record is None:
            raise HttpProblem("not-found", "no member of that name, as far as this node has read governance")
        tiles = Tiles(node.settings.home / "tiles" / stream)
        if tiles.size < size <= tiles.size + _MAX_FOLLOWED:
            with exclusive_tiles(node):
                tiles = Tiles(tiles.folder)
                follow(tiles, node.log(), stream, fold)
        if not tiles.size or tiles.size < needed:
            detail = "this node is still preparing the proofs of this log; try again in some minutes"
            raise HttpProblem("unavailable", detail, headers=_RETRY)
        trust = RootTrust(fold.state) if record is None else MemberTrust(node.settings.consortium, record)
        return StreamEntries(node.log(), stream, tiles, trust)
