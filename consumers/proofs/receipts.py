"""Receipts: small files that prove what was recorded, made from tiles and checked offline (SPEC.md, section 12).

Making one needs the log; checking one needs the receipt, governance's log and the founding's hash.
"""

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from consumers.governance.governance import GovernanceFold
from consumers.proofs.tiles import Tiles
from consumers.streams.stream import REPLAY_BYTES
from registry.log import SharedLog
from registry.rules.errors import Refusal
from registry.rules.governance import KeyWindow, MemberRecord
from registry.wire import commit as wire
from registry.wire import seals
from registry.wire.checkpoint import SignedNote
from registry.wire.commit import Commit
from registry.wire.credentials import StatusSealed
from registry.wire.errors import InvalidProof, MalformedCommit
from registry.wire.events import Event, Reader, Skipped
from registry.wire.merkle import leaf_hash, root_of
from registry.wire.proof import TlogProof
from registry.wire.seals import SealProof
from registry.wire.today import utc_today


class NoReceipt(Exception):
    """A receipt cannot be made: the message says what is missing."""


class KeyUsed(msgspec.Struct, frozen=True):
    """A key that signed the head, and the tree sizes between which it is valid."""

    vkey: str
    start: int
    end: int | None


class VerifiedReceipt(msgspec.Struct, frozen=True):
    """The facts that a receipt proves, as of its head and of the governance that it was checked under."""

    member: str
    legal_name: str
    leaf: int
    event: str
    """The event's line."""
    type: str
    subject: str
    size: int
    root: str
    keys: list[KeyUsed]
    governance: int
    """The governance tree size that it was checked under."""
    governance_time: str
    """The time of governance's newest event."""
    standing_then: str
    standing_now: str
    refused: str | None
    """The reason for which the event has no effect under governance; None if it has effect."""
    rests_on_retired_keys: bool
    """True if every key that signed the head was retired since, and governance anchors no head of that size: then only
    a witness can say that the head is the member's own."""
    notes: list[str]


def event_at(log: SharedLog, stream: str, tiles: Tiles, leaf: int) -> bytes:
    """Return the line of a leaf from the log, compared with the tiles. Raises `NoReceipt`."""
    expected = tiles.leaf(leaf)
    near = log.seek(stream, leaf)
    for begin in (near, 0) if near else (0,):
        for commit in _commits(log, stream, begin):
            if commit.base <= leaf < commit.checkpoint.size:
                line = commit.lines[leaf - commit.base]
                if leaf_hash(line) == expected:
                    return line
            elif commit.base > leaf and begin:
                break  # the position was wrong: search from the beginning
    raise NoReceipt(f"leaf {leaf} of {stream} is not on this log")


def commits_from(log: SharedLog, stream: str, leaf: int) -> Iterator[Commit]:
    """Yield the records that have a commit's form, from one at or before a leaf on. Nothing is verified."""
    return _commits(log, stream, log.seek(stream, leaf))


def _commits(log: SharedLog, stream: str, at: int) -> Iterator[Commit]:
    while records := log.read(stream, at, REPLAY_BYTES):
        for record in records:
            with contextlib.suppress(MalformedCommit):  # a record that is not a commit holds no leaf
                yield wire.parse(record.data)
        at = records[-1].next


def head_of(log: SharedLog, stream: str, tiles: Tiles) -> SignedNote:
    """Return the signed note of the head that the tiles have. Raises `NoReceipt`."""
    root = tiles.root(tiles.size)
    for record in log.read_back(stream):
        with contextlib.suppress(MalformedCommit):
            note = wire.parse(record.data).note
            if (note.checkpoint.size, note.checkpoint.root) == (tiles.size, root):
                return note
    raise NoReceipt(f"no head of {stream} at {tiles.size} is on this log")


def make(
    log: SharedLog, stream: str, tiles: Tiles, leaf: int, note: SignedNote | None = None, line: bytes | None = None
) -> TlogProof:
    """Make the receipt of a leaf under a head (`note`: None for the newest), and check it. Raises `NoReceipt`.

    `line` is the event if the caller has read it; else it is read from the log.
    """
    note = note or head_of(log, stream, tiles)
    size = note.checkpoint.size
    if leaf >= size:
        raise NoReceipt(f"leaf {leaf} of {stream} came after the head at {size}")
    line = event_at(log, stream, tiles, leaf) if line is None else line
    proof = TlogProof(line, leaf, tuple(tiles.inclusion(leaf, size)), note)
    proof.verify_inclusion()
    return proof


def verify(proof: TlogProof, governance: GovernanceFold) -> VerifiedReceipt:
    """Check a receipt under governance. Raises `InvalidProof` if it proves nothing."""
    proof.verify_inclusion()
    head = proof.note.checkpoint
    consortium, slash, member = head.origin.partition("/")
    record = governance.state.members.get(member)
    if consortium != governance.state.consortium or not slash or record is None:
        raise InvalidProof(f"{head.origin[:80]!r} is not a member's log as governance has it")
    windows = signed_by(proof.note, record)
    event = _event(proof.event, head.origin)
    refused, kind, subject = None, event.type, ""
    if isinstance(event, Event):
        subject = event.subject
        try:
            record.check(proof.index, event.type)
        except Refusal as refusal:
            refused = f"{refusal.code}: {refusal.detail}"
    return VerifiedReceipt(
        member,
        record.content.legal_name,
        proof.index,
        proof.event.decode(),
        kind,
        subject,
        head.size,
        head.root.hex(),
        [KeyUsed(str(w.key), w.start, w.end) for w in windows],
        governance.size,
        governance.last_time,
        record.standing_at(proof.index),
        record.standing,
        refused,
        rests_on_retired_keys(head.size, record, windows),
        _notes(proof, record, windows),
    )


def signed_by(note: SignedNote, record: MemberRecord) -> list[KeyWindow]:
    """Return the member's keys that signed this head and are valid at its size; each of their signatures verifies.

    Raises `InvalidProof`, also if governance anchors another root at its size.
    """
    size = note.checkpoint.size
    if any(anchor.size == size and anchor.root_bytes != note.checkpoint.root for anchor in record.anchors):
        raise InvalidProof(f"governance anchored another root at {size}")
    windows = {w.key: w for w in record.keys if w.start < size and (w.end is None or size <= w.end)}
    lines = note.by(list(windows))
    if not lines:
        raise InvalidProof(f"no key of {record.name} that counts at {size} signed the head")
    message = note.text.encode()
    for key, line in lines:
        if not key.verifies(line.signature, message):
            raise InvalidProof(f"the signature by {key.name}+{key.key_id.hex()} does not verify")
    return [windows[key] for key, _ in lines]


def _event(line: bytes, origin: str) -> Event[Any] | Skipped:
    return Reader(origin).decode_one(line)  # an `InvalidEvent` says what is wrong with it


def _notes(proof: TlogProof, record: MemberRecord, windows: list[KeyWindow]) -> list[str]:
    """Return further facts that the reader should know."""
    head, notes = proof.note.checkpoint, []
    if rests_on_retired_keys(head.size, record, windows):
        notes.append(
            "every key that signed the head has since been retired: that this head is the member's own rests on"
            " witnesses, or on a newer receipt"
        )
    if record.standing != "active":
        notes.append(f"the member is {record.standing} now")
    if any(begin < head.size for begin, _ in record.voided):
        notes.append("some of the member's events were voided")
    return notes


def rests_on_retired_keys(size: int, record: MemberRecord, windows: list[KeyWindow]) -> bool:
    """Return true if only keys that were retired since signed a head of this size, and governance anchors none there.

    Anybody who holds such a key today can sign such a head: only a witness can say that it is the member's own.
    """
    anchored = any(anchor.size == size for anchor in record.anchors)
    return all(window.end is not None for window in windows) and not anchored


def prove_status(credential: str, receipt: TlogProof, sealed: list[bytes]) -> SealProof:
    """Prove what a seal says of a credential; `receipt` is the seal's own, `sealed` are all leaves under it."""
    return seals.prove(credential, str(receipt), sealed)


class VerifiedStatus(msgspec.Struct, frozen=True):
    """The status of a credential that a seal proves, as of a tree size; None if it is not among the sealed ones."""

    credential: str
    status: str | None
    size: int
    sealed: str
    """The time at which the issuer says that it sealed."""
    rests_on_retired_keys: bool
    """True if every key that signed the seal's head was retired since, and governance anchors no head of that size:
    then only a witness can say that the seal is the issuer's own."""


def verify_status(proof: SealProof, receipt: VerifiedReceipt, governance: GovernanceFold) -> VerifiedStatus:
    """Check a seal's proof beside a credential's receipt. Raises `InvalidProof`."""
    seal = TlogProof.parse(proof.seal)
    sealing = verify(seal, governance)
    if sealing.refused is not None:
        raise InvalidProof(f"the seal has no effect: {sealing.refused}")
    event = _event(seal.event, seal.note.checkpoint.origin)
    if sealing.member != receipt.member or not isinstance(event, Event) or not isinstance(event.data, StatusSealed):
        raise InvalidProof("the seal is not one of this member's")
    if proof.credential != receipt.subject:
        raise InvalidProof("the seal's proof is about another credential")
    if event.data.size > sealing.leaf:
        raise InvalidProof("the seal speaks of leaves that came after it")
    if receipt.leaf >= event.data.size:
        raise InvalidProof(f"the credential was issued after the seal's {event.data.size} leaves")
    status = seals.verify(proof, event.data)
    return VerifiedStatus(proof.credential, status, event.data.size, event.time, sealing.rests_on_retired_keys)


def governance_size_of(note: SignedNote, governance: GovernanceFold) -> int:
    """Return how many of governance's events a head of it covers. Raises `InvalidProof` for a head of another log.

    The cosignatures are not checked here. Without a cosigned head, a governance log may be as old as its sender likes.
    """
    head = note.checkpoint
    if head.origin != governance.state.consortium:
        raise InvalidProof(f"a head of {head.origin[:80]!r}, not of governance")
    if head.size > governance.size:
        raise InvalidProof(f"witnesses cosigned {head.size} events of governance, and here are {governance.size}")
    if root_of(governance.leaves[: head.size]) != head.root:
        raise InvalidProof(f"witnesses cosigned another governance of {head.size} events")
    return head.size


def age(time: str, today: date | None = None) -> int:
    """Return the number of days since the time of an event."""
    return ((today or utc_today()) - date.fromisoformat(time[:10])).days
