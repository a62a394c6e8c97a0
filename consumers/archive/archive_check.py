"""Checks an archive: its files against the manifest, and the commits of each segment by themselves."""

import contextlib
from collections.abc import Iterator

import msgspec

from consumers.archive.archiver import OnStream
from consumers.governance.governance import GovernanceFold
from consumers.streams.verifier import OK, MemberTrust, Trust, Verifier
from registry.log import GOVERNANCE, NoSuchStream
from registry.log.archive import ArchiveLog
from registry.log.errors import ArchiveDamaged
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.commit import Commit, parse
from registry.wire.errors import MalformedCommit, MalformedNote
from registry.wire.merkle import Tree


def check(archive: ArchiveLog, founded: bytes, on_stream: OnStream = lambda *_: None) -> Iterator[str]:
    """Yield every fault of an archive, as a sentence that begins with the file.

    A segment is verified from its own description: the tree that it starts from must be that of a signed head,
    the one in which the segment before ends, and its records must lead to the head that it names.
    """
    faults = []
    for fault in archive.check():
        faults.append(fault)
        yield fault
    fold = GovernanceFold(archive.manifest.consortium, founded)
    try:
        for record in archive.records(GOVERNANCE):
            verdict, _ = fold.take(record.data)
            if verdict.code != OK:
                yield f"{archive.folder / GOVERNANCE}: at {record.position}: {verdict.code}: {verdict.detail}"
    except (ArchiveDamaged, NoSuchStream) as error:
        yield f"{archive.folder / GOVERNANCE}: no signature can be checked without it: {error}"
        return
    for stream, segments in archive.manifest.streams.items():
        if stream == GOVERNANCE:
            continue
        record_of = fold.state.members.get(stream)
        if record_of is None:
            yield f"{archive.folder / stream}: {stream} is not a member"
            continue
        trust = MemberTrust(fold.state.consortium, record_of)
        head: Checkpoint | None = None
        for number, segment in enumerate(segments):
            path = archive.folder / stream / segment.name
            if any(fault.startswith(f"{path}:") for fault in faults):
                head = None
                continue
            try:
                head = _verify_segment(archive, stream, number, trust, head)
            except _Unsound as fault:
                yield f"{path}: {fault}"
                head = None
            except ArchiveDamaged as error:
                yield str(error)
                head = None
            on_stream(stream, segment.last)


class Reach(msgspec.Struct, frozen=True):
    """The part of a stream that an archive has."""

    stream: str
    size: int
    """Events."""
    newest: str | None
    """The time of the newest of them, as its member says; None if there is none or it cannot be read."""


def reach_of(archive: ArchiveLog, stream: str) -> Reach:
    """Return how far the archive has a stream, as its manifest and its last record say. Nothing is verified."""
    segments = archive.manifest.streams[stream]
    newest = None
    with contextlib.suppress(ArchiveDamaged, MalformedCommit, msgspec.MsgspecError):  # `check` names what is damaged
        for record in archive.read_back(stream):
            newest = msgspec.json.decode(parse(record.data).lines[-1], type=_Time).time
            break
    return Reach(stream, segments[-1].last if segments else 0, newest)


class _Time(msgspec.Struct):
    time: str


class _Unsound(Exception):
    """A fault of a segment."""


def _verify_segment(
    archive: ArchiveLog, stream: str, number: int, trust: Trust, before: Checkpoint | None
) -> Checkpoint:
    """Verify a segment; return its head. Raises `_Unsound`.

    `before` is the head of the segment before; None if unknown.
    """
    description = archive.reader(stream, number).description
    tree = _tree(description.first, description.before)
    if tree.size:
        base = _check_signed(description.base_note or "", trust)
        if (base.size, base.root) != (tree.size, tree.root):
            raise _Unsound(f"the tree it starts from is not that of the signed head at {base.size}")
        if before is not None and before != base:
            raise _Unsound(f"it goes on from another head at {base.size} than the segment before ends in")
    verifier = Verifier(trust, tree)
    for record in archive.records_of(stream, number):
        verdict = verifier.judge(record.data)
        if verdict.code != OK:
            raise _Unsound(f"after leaf {verifier.tree.size}: {verdict.code}: {verdict.detail}")
    head = _check_signed(description.note, trust)
    if (head.size, head.root) != (verifier.tree.size, verifier.tree.root):
        raise _Unsound(f"its records end at {verifier.tree.size}, and its head is of {head.size}")
    return head


def _check_signed(note: str, trust: Trust) -> Checkpoint:
    """Return the checkpoint of a note that a valid key of the member signed. Raises `_Unsound`."""
    text, _, signatures = note.partition("\n\n")
    try:
        signed_note = SignedNote.parse(text + "\n", signatures)
    except MalformedNote as error:
        raise _Unsound(f"a head that cannot be read: {error}") from error
    keys, needed = trust.keys_for(Commit(signed_note, b"", []))
    lines = signed_note.by(keys)
    message = signed_note.text.encode()
    if len(lines) < needed or not all(key.verifies(line.signature, message) for key, line in lines):
        raise _Unsound(f"the head at {signed_note.checkpoint.size} is not signed by the member")
    return signed_note.checkpoint


def _tree(size: int, hashes: list[str]) -> Tree:
    try:
        return Tree(size, [bytes.fromhex(h) for h in hashes])
    except ValueError as error:
        raise _Unsound("its description names an invalid tree") from error
