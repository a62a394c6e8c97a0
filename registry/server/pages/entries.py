"""Entries as the log explorer shows them, and to whom. Pure.

Governance, achievements, assessments, agreements, seals and issuing keys name no learner: everybody may read them. Of
every other entry the public sees its type, its leaf hash and the proof. Staff of a member may read all of it.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from registry.node.adapters.explorer import Cosigner, Head, ProvenEntry, ProvenExtension
from registry.wire.errors import InvalidEvent
from registry.wire.events import GOVERNANCE_TYPES, Event, Reader
from registry.wire.merkle import leaf_hash

PUBLIC_TYPES: Final = frozenset(
    {
        *GOVERNANCE_TYPES,
        "achievement.published.v1",
        "achievement.revised.v1",
        "achievement.retired.v1",
        "achievement.joined.v1",
        "recognition.assessed.v1",
        "recognition.assessment.withdrawn.v1",
        "agreement.declared.v1",
        "agreement.withdrawn.v1",
        "status.sealed.v1",
        "issuing.key.announced.v1",
        "issuing.key.ended.v1",
    }
)
"""Types whose events name no learner and no credential. An unknown type is not among them."""


class Envelope(NamedTuple):
    """The parts of an event that a list shows; empty where the line is not an event."""

    type: str
    subject: str
    time: str


def read_envelope(line: bytes) -> Envelope:
    """Return the envelope of a line, which may be a refused one of any form."""
    event = _decode(line)
    return Envelope(*(value if isinstance(value := event.get(name), str) else "" for name in Envelope._fields))


def _decode(line: bytes) -> Mapping[str, Any]:
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def set_out(line: bytes) -> str:
    """Return an event with line breaks and indents, for reading."""
    try:
        return msgspec.json.format(line, indent=2).decode()
    except (msgspec.DecodeError, RecursionError):
        return line.decode(errors="replace")


def is_public(line: bytes, origin: str) -> bool:
    """Return whether everybody may read an entry of the log of this origin.

    A line that is not an event of its type may say anything, also of a learner: it is not public.
    """
    try:
        event = Reader(origin).decode_one(line)
    except InvalidEvent:
        return False
    return isinstance(event, Event) and event.type in PUBLIC_TYPES


class HeadView(msgspec.Struct, frozen=True, rename="camel"):
    """A signed head as the pages and their JSON show it."""

    size: int
    root: str
    """In hexadecimal."""
    note: str
    """The checkpoint with the signatures on it, as C2SP signed-note has them."""
    keys: list[str]
    """The keys that count at this size and signed it (vkeys)."""
    cosigned: list[Cosigner]


class EntryView(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of a log with the proof that it is under a signed head."""

    member: str
    leaf: int
    type: str
    event: str | None
    """The line as it was published; null where it concerns a learner and the reader is not a member's staff."""
    refused: str | None
    """The code of the rule that refuses it; null if it has effect."""
    leaf_hash: str
    path: list[str]
    """The hashes of the inclusion path, in hexadecimal, the lowest first."""
    head: HeadView
    commit_first: int
    """The first entry of the commit that brought it."""
    commit_size: int


class ExtensionView(msgspec.Struct, frozen=True, rename="camel"):
    """Two heads of a log with the proof that the newer tree begins with the older one."""

    member: str
    old: HeadView
    new: HeadView
    path: list[str]


def view_head(head: Head) -> HeadView:
    """Return a head as it is shown."""
    checkpoint = head.note.checkpoint
    keys = [str(key) for key in head.keys]
    return HeadView(checkpoint.size, checkpoint.root.hex(), str(head.note), keys, list(head.cosigned))


def view_entry(member: str, entry: ProvenEntry, refused: str | None, *, sees_learners: bool) -> EntryView:
    """Return an entry as this reader may see it."""
    readable = sees_learners or is_public(entry.line, entry.head.note.checkpoint.origin)
    return EntryView(
        member,
        entry.leaf,
        read_envelope(entry.line).type,
        entry.line.decode(errors="replace") if readable else None,
        refused,
        leaf_hash(entry.line).hex(),
        [each.hex() for each in entry.path],
        view_head(entry.head),
        entry.commit_base,
        entry.brought.note.checkpoint.size,
    )


def view_extension(member: str, extension: ProvenExtension) -> ExtensionView:
    """Return two heads and the proof between them as they are shown."""
    path = [each.hex() for each in extension.path]
    return ExtensionView(member, view_head(extension.old), view_head(extension.new), path)
