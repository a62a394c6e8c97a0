"""The unit on the log: a batch of events with the signed checkpoint that seals them (SPEC.md, section 4).

Reading a commit decides its form alone. Whether it extends a log is the verifier's to say.
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
    """A parsed commit: its signed note, the third paragraph, and its events' lines without their LF."""

    note: SignedNote
    body: bytes
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
        """The events' leaf hashes."""
        return leaf_hashes(self.lines)

    def __bytes__(self) -> bytes:
        return str(self.note).encode() + b"\n" + self.body


def parse(record: bytes) -> Commit:
    """Read one record of the log.

    Raises `CommitTooLarge` or `MalformedCommit`, which name the verdict (SPEC.md, section 4.2) in `code`.
    """
    if len(record) > MAX_COMMIT:
        raise CommitTooLarge(f"{len(record):,} bytes, {MAX_COMMIT:,} at most")
    parts = record.split(b"\n\n", 2)
    if len(parts) != 3:
        raise MalformedCommit(f"{len(parts)} paragraphs instead of three")
    head, signatures, body = parts
    if not body.endswith(b"\n"):
        raise MalformedCommit("the last event does not end in a line feed")
    lines = body[:-1].split(b"\n")
    if not all(lines):
        raise MalformedCommit("an empty line among the events")
    try:
        head_text, signature_text = head.decode(), signatures.decode()
        if not body.isascii():
            body.decode()
        note = SignedNote.parse(head_text + "\n", signature_text + "\n")
    except UnicodeDecodeError as error:
        raise MalformedCommit("not UTF-8") from error
    except MalformedNote as error:
        raise MalformedCommit(str(error)) from error
    if len(lines) > MAX_EVENTS:
        raise CommitTooLarge(f"{len(lines):,} events, {MAX_EVENTS:,} at most")
    # Only a body that is longer than one event may be can hold an event that is too long.
    if len(body) > MAX_EVENT and max(map(len, lines)) > MAX_EVENT:
        raise CommitTooLarge(f"an event of over {MAX_EVENT:,} bytes")
    if note.checkpoint.size < len(lines):
        raise MalformedCommit(f"a tree of {note.checkpoint.size} leaves cannot end in {len(lines)} events")
    return Commit(note, body, lines)


def seal(origin: str, tree: Tree, lines: Sequence[bytes], signers: Sequence[Signer]) -> tuple[bytes, Tree]:
    """Make the commit that appends these events to the tree; gives its bytes and the tree after it.

    Raises `CommitTooLarge` or `MalformedCommit` where what would be made is not a commit.
    """
    if not lines or any(b"\n" in line or not line for line in lines):
        raise MalformedCommit("a commit holds at least one event, each on one line")
    body = b"\n".join(lines) + b"\n"
    after = tree.extend(leaf_hashes(lines))
    if after.size >= MAX_SIZE:
        raise CommitTooLarge("the tree is full")
    note = SignedNote.sign(Checkpoint(origin, after.size, after.root), signers)
    record = str(note).encode() + b"\n" + body
    parse(record)  # what is published is what a verifier would accept
    return record, after


def merge(commits: Sequence[Commit]) -> bytes:
    """Join consecutive commits under the last one's head and signatures (DESIGN.md, Decision 1).

    Raises `MalformedCommit` where they are not consecutive, `CommitTooLarge` where the whole is too large.
    """
    if not commits:
        raise MalformedCommit("nothing to merge")
    for before, after in itertools.pairwise(commits):
        if after.base != before.checkpoint.size or after.checkpoint.origin != before.checkpoint.origin:
            raise MalformedCommit(f"the commit to {after.checkpoint.size} does not follow {before.checkpoint.size}")
    record = str(commits[-1].note).encode() + b"\n" + b"".join(commit.body for commit in commits)
    parse(record)
    return record
