"""Commits, the unit on the log: a batch of events under a signed checkpoint (SPEC.md, section 4).

Reading a commit decides its form alone. The verifier decides whether it extends a log.
"""

import itertools
from collections.abc import Sequence

import msgspec

from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.errors import CommitTooLarge, MalformedCommit, MalformedNote
from registry.wire.keys import Signer
from registry.wire.merkle import MAX_SIZE, Tree, leaf_hashes

MAX_COMMIT = 768 * 1024
MAX_EVENTS = 1024
MAX_EVENT = 65_535


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A parsed commit: its signed note, the record from which it was read, and its events' lines without their LF."""

    note: SignedNote
    record: bytes
    lines: list[bytes]

    @property
    def checkpoint(self) -> Checkpoint:
        """The head after these events."""
        return self.note.checkpoint

    @property
    def base(self) -> int:
        """The tree size before these events."""
        return self.note.checkpoint.size - len(self.lines)

    def leaves(self) -> list[bytes]:
        """Return the events' leaf hashes."""
        return leaf_hashes(self.lines)

    def __bytes__(self) -> bytes:
        return self.record


def parse(record: bytes) -> Commit:
    """Read one record of the log.

    Raises `CommitTooLarge` or `MalformedCommit`, which name the verdict (SPEC.md, section 4.2) in `code`.
    """
    if len(record) > MAX_COMMIT:
        raise CommitTooLarge(f"{len(record):,} bytes, {MAX_COMMIT:,} at most")
    # One pass over the bytes. A copy of all events in one string would cost another pass.
    lines = record.split(b"\n")
    if lines.pop():
        raise MalformedCommit("the record does not end in a line feed")
    try:
        first = lines.index(b"")
        second = lines.index(b"", first + 1)
    except ValueError as error:
        raise MalformedCommit("this is not a record of a log: it has no two empty lines") from error
    head, signatures, events = lines[:first], lines[first + 1 : second], lines[second + 1 :]
    if not events or not all(events):
        raise MalformedCommit("a commit has exactly two empty lines, and at least one event")
    try:
        note = SignedNote.parse(_text(head), _text(signatures))
        # Events are nearly always ASCII, which is fast to check; the signature lines never are, for their dash.
        body = record[sum(map(len, lines[: second + 1])) + second + 1 :]
        if not body.isascii():
            body.decode()
    except UnicodeDecodeError as error:
        raise MalformedCommit("not UTF-8") from error
    except MalformedNote as error:
        raise MalformedCommit(str(error)) from error
    if len(events) > MAX_EVENTS:
        raise CommitTooLarge(f"{len(events):,} events, {MAX_EVENTS:,} at most")
    if not _short_lines(record):
        raise CommitTooLarge(f"an event of more than {MAX_EVENT:,} bytes")
    if note.checkpoint.size < len(events):
        raise MalformedCommit(f"a tree of {note.checkpoint.size} leaves cannot end in {len(events)} events")
    return Commit(note, record, events)


def _short_lines(record: bytes) -> bool:
    """Return whether no line is longer than an event may be, by a few steps from line feed to line feed."""
    at = 0
    while len(record) - at > MAX_EVENT:
        last = record.rfind(b"\n", at, at + MAX_EVENT + 1)
        if last < 0:
            return False
        at = last + 1
    return True


def _text(lines: Sequence[bytes]) -> str:
    return b"".join(line + b"\n" for line in lines).decode()


def sign_commit(origin: str, tree: Tree, lines: Sequence[bytes], signers: Sequence[Signer]) -> tuple[bytes, Tree]:
    """Sign the commit that appends these events to the tree; return its bytes and the tree after it.

    Raises `CommitTooLarge` or `MalformedCommit` where the result would not be a commit.
    """
    if not lines or any(b"\n" in line or not line for line in lines):
        raise MalformedCommit("a commit holds at least one event, each on one line")
    body = b"\n".join(lines) + b"\n"
    after = tree.extend(leaf_hashes(lines))
    if after.size >= MAX_SIZE:
        raise CommitTooLarge("the tree is full")
    note = SignedNote.sign(Checkpoint(origin, after.size, after.root), signers)
    record = str(note).encode() + b"\n" + body
    parse(record)  # nothing is published that a verifier would not accept
    return record, after


def merge(commits: Sequence[Commit]) -> bytes:
    """Join consecutive commits under the last one's head and signatures (docs/decisions/0009).

    Raises `MalformedCommit` where they are not consecutive, `CommitTooLarge` where the whole is too large.
    """
    if not commits:
        raise MalformedCommit("nothing to merge")
    for before, after in itertools.pairwise(commits):
        if after.base != before.checkpoint.size or after.checkpoint.origin != before.checkpoint.origin:
            raise MalformedCommit(f"the commit to {after.checkpoint.size} does not follow {before.checkpoint.size}")
    body = b"".join(line + b"\n" for commit in commits for line in commit.lines)
    record = str(commits[-1].note).encode() + b"\n" + body
    parse(record)
    return record
