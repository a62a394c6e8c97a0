"""Archiving: verified commits, merged between anchors, into sealed segments (see `registry.log.archive`).

Only commits that extend a stream are archived; the other records of a log stay there. Governance is archived whole and
as it was published, since every other verdict depends on it and its signatures follow changing thresholds. A member's
commits are merged once they are so old that no new anchor should fall inside a merged one. If one does, the segments
from there on are made again from the log.
"""

import contextlib
import fcntl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from consumers.archive.merging import earlier, merge_commits
from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import REPLAY_BYTES
from consumers.streams.verifier import OK, REPEAT, MemberTrust, Trust, Verdict, Verifier
from registry.log import GOVERNANCE, NoSuchStream, SharedLog, WriterBusy
from registry.log.archive import ArchiveLog
from registry.log.archive_manifest import FORMAT, MANIFEST, Manifest, Segment, load, save
from registry.log.errors import ArchiveDamaged
from registry.log.segments import Description, SegmentWriter, unavailable
from registry.wire.commit import Commit, parse
from registry.wire.merkle import Tree

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Uncompressed bytes at which a segment is complete; until then the next run goes on with it."""
_LOCK: Final = ".lock"

OnStream = Callable[[str, int], None]
"""Receives a stream and the tree size that its archive has reached."""


class CannotArchive(Exception):
    """The archive and the log do not belong together. The message says which streams, and what to do."""


class Archived(msgspec.Struct, frozen=True):
    """The outcome of a run for one stream."""

    stream: str
    size: int
    """The tree size up to which it is archived."""
    events: int
    """The number of events that are new."""
    segments: int
    bytes: int
    """All its segments, compressed."""
    waits: int
    """Events on the log that are not archived, because they are not old enough."""
    refused: int
    """Records that were read now and are not part of the stream."""


class _Progress:
    """The state of reading one stream."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.refused: list[Verdict] = []
        self.waits = 0


def archive(
    log: SharedLog,
    consortium: str,
    founded: bytes,
    folder: Path,
    *,
    before: datetime | None = None,
    segment_bytes: int = SEGMENT_BYTES,
    on_stream: OnStream = lambda *_: None,
) -> list[Archived]:
    """Bring an archive up to a log; `before`: only commits of earlier than that, by their own word.

    Raises `CannotArchive`, `WriterBusy`, and `ArchiveDamaged` where the archive is not sound.
    """
    with _alone(folder):
        if (folder / MANIFEST).exists():
            manifest = load(folder)
        elif any(path.name != _LOCK for path in folder.iterdir()):
            raise CannotArchive(f"{folder} holds something else; name a new folder, or one with {MANIFEST}")
        else:
            manifest = Manifest(FORMAT, consortium, founded.hex(), {})
        if (manifest.consortium, manifest.founded) != (consortium, founded.hex()):
            raise CannotArchive(f"{folder} is the archive of {manifest.consortium}, founded as {manifest.founded}")
        if not manifest.streams:
            save(folder, manifest)
        archiver = _Archiver(log, ArchiveLog(folder, consortium), founded, before, segment_bytes, on_stream)
        fold, done = archiver.governance()
        members = sorted(fold.state.members)
        return [done, *(archived for member in members if (archived := archiver.member(fold, member)) is not None)]


class _Archiver:
    """One run. `archive` is written to its folder and read through its log."""

    def __init__(
        self,
        log: SharedLog,
        archive: ArchiveLog,
        founded: bytes,
        before: datetime | None,
        segment_bytes: int,
        on_stream: OnStream,
    ) -> None:
        self._log = log
        self._archive = archive
        self._manifest = archive.manifest
        self._founded = founded
        self._before = before
        self._segment_bytes = segment_bytes
        self._on_stream = on_stream

    def governance(self) -> tuple[GovernanceFold, Archived]:
        """Archive governance, and return it folded."""
        fold = GovernanceFold(self._manifest.consortium, self._founded)
        had = self._tree(GOVERNANCE)
        progress = _Progress(had)

        def commits() -> Iterator[tuple[Tree, Commit]]:
            for record in self._log.records(GOVERNANCE):
                before = fold.tree
                verdict, _ = fold.take(record.data)
                if verdict.code != OK or verdict.commit is None:
                    progress.refused += [verdict] * (verdict.code != REPEAT)
                    continue
                if before.size < had.size <= fold.size and (fold.size, fold.tree.root) != (had.size, had.root):
                    raise CannotArchive(
                        f"governance on the log is not the archive's at {had.size} events; keep both as evidence"
                    )
                if before.size >= had.size:
                    yield before, verdict.commit

        done = self._write(GOVERNANCE, len(self._segments(GOVERNANCE)), progress, commits())
        if fold.size < had.size:  # the log has lost its end, and the archive has not
            fold.read(self._archive)
        return fold, done

    def member(self, fold: GovernanceFold, member: str) -> Archived | None:
        """Archive a member's stream; None where the log has none."""
        record = fold.state.members[member]
        trust = MemberTrust(fold.state.consortium, record)
        anchors = {size for size, _ in trust.anchors}
        segments = self._segments(member)
        keep = self._count_sound(member, anchors)
        progress = _Progress(self._tree(member, keep))
        try:
            self._log.end(member)
        except NoSuchStream:
            return None
        again = segments[-1].last if keep < len(segments) else 0
        reach = max((c.checkpoint.size for _, c in self._commits(member, trust, progress)), default=0) if again else 0
        if reach < again:
            raise CannotArchive(
                f"an anchor stands inside a merged commit of {member}, and the log no longer reaches {again} events to"
                " make its segments again; archive from a log that does"
            )
        commits = self._old(self._commits(member, trust, progress), progress, again)
        return self._write(member, keep, progress, merge_commits(commits, trust, anchors))

    # Reading the log

    def _commits(self, stream: str, trust: Trust, progress: _Progress) -> Iterator[tuple[Tree, Commit]]:
        """The commits that extend the archived tree, each with the tree before it."""
        size = progress.tree.size
        for begin in dict.fromkeys((self._log.seek(stream, size), 0)):
            start = begin
            progress.refused = []
            verifier = Verifier(trust, progress.tree)
            while records := self._log.read(stream, start, REPLAY_BYTES):
                for record in records:
                    before = verifier.tree
                    verdict = verifier.judge(record.data)
                    if verdict.code == OK and verdict.commit is not None:
                        yield before, verdict.commit
                    elif verdict.code != REPEAT and not _is_archived(verdict, size):
                        progress.refused.append(verdict)
                start = records[-1].next
            if verifier.tree.size > size or not progress.refused:
                return  # otherwise old heads, written again, may have misled the search: read it all

    def _old(
        self, commits: Iterator[tuple[Tree, Commit]], progress: _Progress, again: int
    ) -> Iterator[tuple[Tree, Commit]]:
        """Those that are old enough, or were archived before (up to the size `again`)."""
        for before, commit in commits:
            young = self._before is not None and commit.checkpoint.size > again and not earlier(commit, self._before)
            if progress.waits or young:  # what follows a young commit waits with it: an archive has no gaps
                progress.waits += len(commit.lines)
            else:
                yield before, commit

    # Writing segments

    def _write(self, stream: str, keep: int, progress: _Progress, commits: Iterator[tuple[Tree, Commit]]) -> Archived:
        """Write commits to segments after the first `keep`, the last of which is extended while it is small."""
        segments = self._segments(stream)[:keep]
        begun = at = progress.tree.size
        writer: _Open | None = None
        try:
            for before, commit in commits:
                if writer is None and segments and segments[-1].uncompressed < self._segment_bytes:
                    writer = self._reopen(stream, len(segments) - 1)
                    segments = segments[:-1]
                elif writer is None:
                    writer = _Open(self._archive.folder / stream, before, segments[-1].note if segments else None)
                writer.add(commit, before)
                at = commit.checkpoint.size
                if writer.uncompressed >= self._segment_bytes:
                    segments = [*segments, writer.seal(self._manifest.consortium, stream)]
                    writer = None
                    self._name(stream, segments)
                    self._on_stream(stream, at)
            if writer is not None:
                segments = [*segments, writer.seal(self._manifest.consortium, stream)]
                writer = None
                self._name(stream, segments)
            elif stream not in self._manifest.streams:
                self._name(stream, segments)
        finally:
            if writer is not None:
                writer.abandon()
        self._on_stream(stream, at)
        written = self._segments(stream)
        total = sum(s.bytes for s in written)
        return Archived(stream, at, at - begun, len(written), total, progress.waits, len(progress.refused))

    def _reopen(self, stream: str, number: int) -> "_Open":
        """Open a writer that begins with the records of a small last segment."""
        reader = self._archive.reader(stream, number)
        segment = reader.description
        writer = _Open(self._archive.folder / stream, _tree(segment.first, segment.before), segment.base_note)
        for record in self._archive.records_of(stream, number):
            writer.add(parse(record.data), writer.tree)
        if writer.tree != _tree(segment.last, segment.after):
            writer.abandon()
            raise ArchiveDamaged(f"{reader.path}: its records do not lead to the tree that it names at {segment.last}")
        return writer

    def _name(self, stream: str, segments: Sequence[Segment]) -> None:
        """Write these segments to the manifest, and remove files that it no longer names."""
        had = self._segments(stream)
        self._manifest = self._manifest.with_stream(stream, segments)
        save(self._archive.folder, self._manifest)
        self._archive.reload()
        for old in {s.name for s in had} - {s.name for s in segments}:
            (self._archive.folder / stream / old).unlink(missing_ok=True)

    # The existing archive

    def _segments(self, stream: str) -> list[Segment]:
        return self._manifest.streams.get(stream, [])

    def _tree(self, stream: str, keep: int | None = None) -> Tree:
        """Return the tree after the first `keep` segments; None: after all."""
        segments = self._segments(stream)[:keep]
        if not segments:
            return Tree()
        description = self._archive.reader(stream, len(segments) - 1).description
        return _tree(description.last, description.after)

    def _count_sound(self, stream: str, anchors: set[int]) -> int:
        """Count the segments that stay: those before the first one with an anchor inside a merged commit."""
        segments = self._segments(stream)
        for number, segment in enumerate(segments):
            inside = {size for size in anchors if segment.first < size < segment.last}
            if not inside:
                continue
            for record in self._archive.records_of(stream, number):
                inside.discard(parse(record.data).checkpoint.size)
            if inside:
                return number
        return len(segments)


class _Open:
    """A segment being written: its tree, and the heads before and after."""

    def __init__(self, folder: Path, base: Tree, base_note: str | None = None) -> None:
        self._writer = SegmentWriter(folder)
        self._base = base
        self._base_note = base_note
        self._note = ""
        self.tree = base

    @property
    def uncompressed(self) -> int:
        return self._writer.uncompressed

    def add(self, commit: Commit, before: Tree) -> None:
        self._writer.add(before.size, commit.record)
        self.tree = before.extend(commit.leaves())
        self._note = str(commit.note)

    def seal(self, consortium: str, stream: str) -> Segment:
        first, last = self._base, self.tree
        description = Description(
            consortium,
            stream,
            first.size,
            last.size,
            self.uncompressed,
            [h.hex() for h in first.hashes],
            [h.hex() for h in last.hashes],
            self._base_note,
            self._note,
            self._writer.leaves,
        )
        written = self._writer.finish(description)
        return Segment(first.size, last.size, written.bytes, self.uncompressed, written.sha256, self._note)

    def abandon(self) -> None:
        self._writer.abandon()


def _is_archived(verdict: Verdict, size: int) -> bool:
    """True if a record was passed over because its events are archived already."""
    return verdict.code == "stale" and verdict.commit is not None and verdict.commit.checkpoint.size <= size


def _tree(size: int, hashes: Sequence[str]) -> Tree:
    return Tree(size, [bytes.fromhex(h) for h in hashes])


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise unavailable(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WriterBusy(f"another process is archiving to {folder}; let it end") from error
        yield
