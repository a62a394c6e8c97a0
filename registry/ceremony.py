"""The signing ceremony: acts of governance, signed by people who sit at different machines.

A proposal is a file. Somebody makes it, each holder of a root key looks at what it says, verifies it against the
log and adds a signature; with a threshold of them anybody can publish it. What is signed is the checkpoint that
governance's log has after the proposed events, so that a proposal is good for one place in it and no other.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from registry.domain.membership import Consortium
from registry.rules.governance import Governance, MemberRecord, RootKeys
from registry.wire import governance as wire
from registry.wire.checkpoint import Checkpoint, Signature, SignedNote
from registry.wire.errors import MalformedNote, WireError
from registry.wire.events import Event, Reader, Skipped
from registry.wire.keys import Signer, VerifierKey
from registry.wire.merkle import Tree, leaf_hashes

FORMAT: Final = "registry governance proposal 1"
MAX_AGE: Final = timedelta(days=1)
"""A proposal's anchors are newest heads when it is made; one that is older than this is made anew."""


class CeremonyRefused(Exception):
    """A proposal that must not be signed or published as it is: the message says why."""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proposed events and the checkpoint after them, with the signatures so far."""

    consortium: str
    proposed: str
    """When, RFC 3339 in UTC."""
    checkpoint: str
    events: list[str]
    signatures: list[str] = []
    format: str = FORMAT

    @classmethod
    def read(cls, data: bytes) -> "Proposal":
        """A proposal's file. Raises `CeremonyRefused`."""
        try:
            found = msgspec.json.decode(data, type=cls)
            when = datetime.fromisoformat(found.proposed)
        except (msgspec.DecodeError, ValueError) as error:
            raise CeremonyRefused(f"this is no proposal: {error}") from error
        if when.tzinfo is None:
            raise CeremonyRefused(f"this is no proposal: {found.proposed} does not say of which time zone it is")
        if found.format != FORMAT:
            raise CeremonyRefused(f"a proposal of another format, {found.format[:60]!r}")
        return found

    def __bytes__(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @property
    def lines(self) -> list[bytes]:
        """The events' lines."""
        return [line.encode() for line in self.events]

    def note(self) -> SignedNote:
        """The checkpoint with the signatures so far; there is one at least. Raises `CeremonyRefused`."""
        try:
            return SignedNote.parse(self.checkpoint, "".join(f"{line}\n" for line in self.signatures))
        except MalformedNote as error:
            raise CeremonyRefused(f"its signatures cannot be read: {error}") from error

    def record(self) -> bytes:
        """The commit."""
        return str(self.note()).encode() + b"\n" + b"".join(line + b"\n" for line in self.lines)


class Known(NamedTuple):
    """Governance as the log has it: its state, its tree, and whose founding keys count while it is empty."""

    state: Governance
    tree: Tree
    founding: RootKeys | None = None

    @property
    def roots(self) -> RootKeys | None:
        """The root keys in force."""
        return self.state.roots_at(self.tree.size) or self.founding


VerifyHead = Callable[[str, wire.Head], None]
"""Verifies that a member's stream passes through a head which is no older than a day; raises `CeremonyRefused`."""


def propose(known: Known, acts: Sequence[Any], now: datetime) -> Proposal:
    """Put acts into a proposal. Raises a refusal where governance's rules do."""
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    consortium = Consortium(known.state, known.tree.size)
    for act in acts:
        consortium.act(act, time)
    after = known.tree.extend(leaf_hashes(consortium.lines))
    checkpoint = Checkpoint(known.state.consortium, after.size, after.root)
    lines = [line.decode() for line in consortium.lines]
    proposal = Proposal(known.state.consortium, time, str(checkpoint), lines)
    _read(proposal, known)  # what a verifier would refuse is not proposed
    return proposal


def check(proposal: Proposal, known: Known, verify_head: VerifyHead, now: datetime) -> list[str]:
    """Hold a proposal against the log; gives in plain words what it says. Raises `CeremonyRefused`."""
    age = now - datetime.fromisoformat(proposal.proposed)
    if age > MAX_AGE:
        raise CeremonyRefused(f"it was proposed at {proposal.proposed}, more than a day ago: propose it anew")
    if age < -timedelta(minutes=5):
        raise CeremonyRefused(f"it was proposed at {proposal.proposed}, which is in the future: set the clock")
    events = _read(proposal, known)
    consortium = Consortium(known.state, known.tree.size)
    words = []
    for event in events:
        data = event.data
        member = consortium.governance.members.get(getattr(data, "member", ""))
        if (head := getattr(data, "head", None)) is not None:
            verify_head(data.member, head)
        consortium.act(data, event.time)
        words.append(describe(data, member))
    return words


def _read(proposal: Proposal, known: Known) -> list[Event[Any]]:
    """The events, if the checkpoint is that of governance's log with them."""
    if proposal.consortium != known.state.consortium:
        raise CeremonyRefused(f"it is for {proposal.consortium}, and this is {known.state.consortium}")
    checkpoint = Checkpoint.parse(proposal.checkpoint)
    lines = proposal.lines
    base = checkpoint.size - len(lines)
    if base != known.tree.size:
        raise CeremonyRefused(
            f"it continues a governance log of {base} events, and the log has {known.tree.size}: propose it anew"
        )
    after = known.tree.extend(leaf_hashes(lines))
    if checkpoint != Checkpoint(known.state.consortium, after.size, after.root):
        raise CeremonyRefused("its checkpoint is not that of the log with these events: it was altered")
    reader = Reader(known.state.consortium)
    events = []
    for line in lines:
        try:
            event = reader.decode_one(line)
        except WireError as error:
            raise CeremonyRefused(f"a verifier would refuse an event of it: {error}") from error
        if isinstance(event, Skipped):
            raise CeremonyRefused(f"{event.type} is no event of governance")
        events.append(event)
    return events


def sign(proposal: Proposal, signers: Sequence[Signer], known: Known) -> Proposal:
    """Add signatures by root keys in force. Raises `CeremonyRefused` where none of these is one."""
    roots = known.roots
    usable = [signer for signer in signers if roots is not None and signer.vkey in roots.keys]
    if not usable:
        raise CeremonyRefused("none of these keys is a root key in force")
    held = {_name(line) for line in proposal.signatures}
    message = proposal.checkpoint.encode()
    added = [
        str(Signature(s.vkey.name, s.vkey.key_id, s.sign(message)))
        for s in usable
        if (s.vkey.name, s.vkey.key_id) not in held
    ]
    return msgspec.structs.replace(proposal, signatures=[*proposal.signatures, *added])


def _name(line: str) -> tuple[str, bytes]:
    try:
        signature = Signature.parse(line)
    except MalformedNote as error:
        raise CeremonyRefused(f"a signature of it cannot be read: {error}") from error
    return signature.name, signature.key_id


def signed_by(proposal: Proposal, known: Known) -> list[VerifierKey]:
    """The root keys in force that have signed. Raises `CeremonyRefused` where a signature does not verify."""
    roots = known.roots
    if not proposal.signatures or roots is None:
        return []
    note = proposal.note()
    message = note.text.encode()
    lines = note.by(roots.keys)
    for key, line in lines:
        if not key.verifies(line.signature, message):
            raise CeremonyRefused(f"the signature by {key.name}+{key.key_id.hex()} does not verify")
    return [key for key, _ in lines]


def ready(proposal: Proposal, known: Known) -> bytes:
    """The commit to publish. Raises `CeremonyRefused` while signatures are missing."""
    roots = known.roots
    signed = len(signed_by(proposal, known))
    if roots is None or signed < roots.threshold:
        needed = roots.threshold if roots is not None else "?"
        raise CeremonyRefused(f"{signed} of the {needed} signatures that are needed")
    return proposal.record()


def describe(data: Any, member: MemberRecord | None) -> str:  # noqa: ANN401 - one sentence an act
    """An act in plain words."""
    match data:
        case wire.ConsortiumFounded():
            return (
                f"Found the consortium {data.consortium}, with {len(data.root_keys)} root keys of which"
                f" {data.threshold} must sign: {_keys(data.root_keys)}."
            )
        case wire.RootKeysRotated():
            return (
                f"Replace all root keys by these {len(data.root_keys)}, of which {data.threshold} must sign:"
                f" {_keys(data.root_keys)}."
            )
        case wire.MemberAdmitted():
            return (
                f"Admit {data.legal_name} ({data.country}) as {data.member}, {_roles(data.roles)},"
                f" signing with {_keys(data.keys)}."
            )
        case wire.MemberRevised():
            return f"Describe {data.member} anew: {data.legal_name} ({data.country}), and the rest of its content."
        case wire.MemberKeyAdded():
            return f"Let {_keys([data.vkey])} sign for {data.member} from {_at(data.head)} on."
        case wire.MemberKeyRetired():
            return (
                f"Retire the key {_keys([data.vkey])} of {data.member} ({data.reason}): it signs nothing"
                f" beyond {_at(data.head)}."
            )
        case wire.MemberRolesChanged():
            before = _roles(list(member.current_roles)) if member is not None else "unknown"
            return f"Make {data.member} {_roles(data.roles)} from {_at(data.head)} on (so far {before})."
        case wire.MemberSuspended():
            return (
                f"Suspend {data.member} ({data.reason}) from {_at(data.head)} on: it can issue and decide nothing new,"
                " only reduce harm."
            )
        case wire.MemberReinstated():
            return f"Reinstate {data.member} ({data.reason}) from {_at(data.head)} on."
        case wire.MemberWithdrawn():
            return f"Let {data.member} withdraw for good ({data.reason}), from {_at(data.head)} on."
        case wire.MemberRangeVoided():
            return (
                f"Void the events {data.from_} to {data.to - 1} of {data.member} ({data.reason}): they stay where they"
                f" are and have no effect. Anchored at {_at(data.head)}."
            )
        case _:
            raise TypeError(f"no words for {type(data).__name__}")


def _keys(texts: Sequence[str]) -> str:
    return ", ".join(text.rsplit("+", 1)[0] for text in texts)


def _roles(roles: Sequence[str]) -> str:
    return " and ".join(roles) if roles else "without a role"


def _at(head: wire.Head) -> str:
    return f"its head of {head.size} events ({head.root[:12]}…)"
