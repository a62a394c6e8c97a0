"""The signing ceremony: acts of governance, signed by people who sit at different machines.

A proposal is a file. One person makes it; each holder of a root key reads it, verifies it against the log and adds a
signature; with a threshold of signatures anybody can publish it. The signatures are on the checkpoint that
governance's log has after the proposed events, so a proposal is valid at one place of the log only.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from registry.ceremony.act_words import describe, signatures_needed
from registry.domain.membership import Consortium
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.weak_keys import find_weakness
from registry.rules.governance import Governance, RootKeys
from registry.values.countries import COUNTRIES
from registry.values.plural import plural
from registry.wire import governance as wire
from registry.wire.checkpoint import Checkpoint, Signature, SignedNote
from registry.wire.errors import InvalidEvent, MalformedNote, WireError
from registry.wire.events import Event, Reader, Skipped
from registry.wire.keys import Signer, VerifierKey
from registry.wire.merkle import Tree, leaf_hashes
from registry.wire.validation_messages import describe_error, format_error

FORMAT: Final = "registry governance proposal 1"
MAX_AGE: Final = timedelta(days=1)
"""The age at which a proposal must be made again: its anchors are the newest heads when it is made."""


class CeremonyRefused(Exception):
    """A proposal must not be signed or published as it is: the message says why."""


class NoRootKey(CeremonyRefused):
    """None of the available keys is a root key in force."""


class AlreadyPublished(CeremonyRefused):
    """A proposal is on the log already, and has its effect."""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proposed events and the checkpoint after them, with the signatures so far."""

    consortium: str
    proposed: str
    """When, RFC 3339 in UTC."""
    checkpoint: str
    events: list[str]
    signatures: list[str] = []
    proofs: list[str] = []
    """The keys that it adds, each with the proof that its holder has the private half (`keys.key_proof`)."""
    format: str = FORMAT

    @classmethod
    def read(cls, data: bytes) -> "Proposal":
        """Read a proposal's file. Raises `CeremonyRefused`."""
        try:
            proposal = msgspec.json.decode(data, type=cls)
            when = datetime.fromisoformat(proposal.proposed)
        except msgspec.ValidationError as error:
            raise CeremonyRefused(f"this is not a proposal: {format_error(error, cls)}") from error
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise CeremonyRefused(f"this is not a proposal: {error}") from error
        if when.tzinfo is None:
            raise CeremonyRefused(f"this is not a proposal: {proposal.proposed} has no time zone")
        if proposal.format != FORMAT:
            raise CeremonyRefused(f"a proposal of another format, {proposal.format[:60]!r}")
        return proposal

    def __bytes__(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @property
    def lines(self) -> list[bytes]:
        """The events' lines."""
        return [line.encode() for line in self.events]

    def note(self) -> SignedNote:
        """Return the checkpoint with the signatures so far, at least one. Raises `CeremonyRefused`."""
        try:
            return SignedNote.parse(self.checkpoint, "".join(f"{line}\n" for line in self.signatures))
        except MalformedNote as error:
            raise CeremonyRefused(f"its signatures cannot be read: {error}") from error

    def record(self) -> bytes:
        """Return the commit."""
        return str(self.note()).encode() + b"\n" + b"".join(line + b"\n" for line in self.lines)


class GovernanceOnLog(NamedTuple):
    """Governance as the log has it: its state, its tree, and the founding keys that count while it is empty."""

    state: Governance
    tree: Tree
    founding: RootKeys | None = None
    leaves: Sequence[bytes] = ()
    """The hashes of all its leaves."""

    @property
    def roots(self) -> RootKeys | None:
        """The root keys in force."""
        return self.state.roots_at(self.tree.size) or self.founding


_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
"""Unicode categories of invisible characters, and of those that change how others are shown."""

VerifyHead = Callable[[str, wire.Head], None]
"""Verifies that a member's stream passes through a head which is no older than a day; raises `CeremonyRefused`."""


def propose(
    governance: GovernanceOnLog, acts: Sequence[Any], now: datetime, offered: Sequence[OfferedKey] = ()
) -> Proposal:
    """Make a proposal of acts; `offered` are the keys that they add, with their proofs.

    Raises a refusal by governance's rules, and `CeremonyRefused` if a verifier would refuse the form of an act, or if
    a key must not be added.
    """
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    consortium = Consortium(governance.state, governance.tree.size)
    for act in acts:
        _check_form(act)
        consortium.act(act, time)
    after = governance.tree.extend(leaf_hashes(consortium.lines))
    checkpoint = Checkpoint(governance.state.consortium, after.size, after.root)
    lines = [line.decode() for line in consortium.lines]
    proofs = [str(key) for key in offered if key.proof is not None]
    proposal = Proposal(governance.state.consortium, time, str(checkpoint), lines, proofs=proofs)
    _read(proposal, governance)  # a proposal that a verifier would refuse is not made
    return proposal


def check(proposal: Proposal, governance: GovernanceOnLog, verify_head: VerifyHead, now: datetime) -> list[str]:
    """Compare a proposal with the log; return its acts in plain words. Raises `CeremonyRefused`."""
    if published := place_on_log(proposal, governance):
        raise AlreadyPublished(f"already published: {published}")
    age = now - datetime.fromisoformat(proposal.proposed)
    if age > MAX_AGE:
        raise CeremonyRefused(f"it was proposed at {proposal.proposed}, more than a day ago: propose it again")
    if age < -timedelta(minutes=5):
        raise CeremonyRefused(f"it was proposed at {proposal.proposed}, which is in the future: set the clock")
    events = _read(proposal, governance)
    consortium = Consortium(governance.state, governance.tree.size)
    sentences = []
    for event in events:
        data = event.data
        member = consortium.governance.members.get(getattr(data, "member", ""))
        if (head := getattr(data, "head", None)) is not None:
            verify_head(data.member, head)
        consortium.act(data, event.time)
        sentences.append(describe(data, member))
    return sentences


def find_unproven(proposal: Proposal, governance: GovernanceOnLog) -> list[VerifierKey]:
    """Return the keys that a proposal adds without a proof that their holder has the private half."""
    proven = set()
    for text in proposal.proofs:
        try:
            key = key_proof.parse(text)
        except MalformedNote as error:
            raise CeremonyRefused(str(error)) from error
        if key.proof is not None:
            proven.add(key.vkey)
    return [key for event in _read(proposal, governance) for key in keys_of(event.data) if key not in proven]


def keys_of(data: Any) -> list[VerifierKey]:  # noqa: ANN401 - any act
    """Return the keys that an act adds."""
    match data:
        case wire.ConsortiumFounded() | wire.RootKeysRotated():
            texts = data.root_keys
        case wire.MemberAdmitted():
            texts = data.keys
        case wire.MemberKeyAdded():
            texts = [data.vkey]
        case _:
            texts = []
    return [VerifierKey.parse(text) for text in texts]


def size_after(proposal: Proposal) -> int:
    """Return the size that governance's log has after a proposal."""
    return _checkpoint(proposal).size


def place_on_log(proposal: Proposal, governance: GovernanceOnLog) -> str | None:
    """Return the place of a proposal on governance's log, in words; None if it is not on the log."""
    last = _checkpoint(proposal).size  # entries are counted from 1, leaves from 0
    first = last - len(proposal.events) + 1
    hashes = leaf_hashes(proposal.lines)
    if not hashes or list(governance.leaves[first - 1 : last]) != list(hashes):
        return None
    return f"as entry {first} of governance" if first == last else f"as entries {first} to {last} of governance"


def check_key(key: VerifierKey) -> None:
    """Refuse a key with which anybody can sign, or nobody. Raises `CeremonyRefused`."""
    if (why := find_weakness(key.public)) is not None:
        raise CeremonyRefused(f"the key {key.label} must not be added: {why}. Its holder must make another.")


def check_name(name: str) -> None:
    """Refuse a legal name with invisible characters, or with ones that change the direction of text.

    Raises `CeremonyRefused`.
    """
    odd = sorted({f"U+{ord(char):04X}" for char in name if unicodedata.category(char) in _INVISIBLE})
    if odd or name != " ".join(name.split()):
        what = f"holds {', '.join(odd)}" if odd else "has blanks at its ends, or several in a row"
        raise CeremonyRefused(f"the legal name {name!r} {what}: write it as people see it")


def check_country(country: str) -> None:
    """Refuse a country that does not exist. Raises `CeremonyRefused`."""
    if country not in COUNTRIES:
        raise CeremonyRefused(f"there is no country {country}: write two capital letters of ISO 3166-1, for example NL")


def _check_form(act: Any) -> None:  # noqa: ANN401 - any act
    try:
        msgspec.convert(msgspec.to_builtins(act), type(act))
    except msgspec.ValidationError as error:
        path, problem = describe_error(error, type(act))
        raise CeremonyRefused(f"{path.removeprefix('$.')} {problem}") from error


def _read(proposal: Proposal, governance: GovernanceOnLog) -> list[Event[Any]]:
    """Return the events, if the checkpoint is that of governance's log with them. Raises `CeremonyRefused`."""
    if proposal.consortium != governance.state.consortium:
        raise CeremonyRefused(f"it is for {proposal.consortium}, and this is {governance.state.consortium}")
    checkpoint = _checkpoint(proposal)
    lines = proposal.lines
    base = checkpoint.size - len(lines)
    if base != governance.tree.size:
        raise CeremonyRefused(
            f"it continues a governance log of {plural(base, 'event')}, and the log has {governance.tree.size}: propose"
            " it again"
        )
    after = governance.tree.extend(leaf_hashes(lines))
    if checkpoint != Checkpoint(governance.state.consortium, after.size, after.root):
        raise CeremonyRefused("its checkpoint is not that of the log with these events: it was altered")
    reader = Reader(governance.state.consortium)
    events = []
    for line in lines:
        try:
            event = reader.decode_one(line)
        except WireError as error:
            raise CeremonyRefused(f"a verifier would refuse an event of it: {_plain(error)}") from error
        if isinstance(event, Skipped):
            raise CeremonyRefused(f"{event.type} is not an event of governance")
        for key in keys_of(event.data):
            check_key(key)
        if isinstance(event.data, wire.MemberRevised):  # which an admission is, too
            check_name(event.data.legal_name)
            check_country(event.data.country)
        events.append(event)
    return events


def _plain(error: WireError) -> str:
    if isinstance(error, InvalidEvent):
        return f"{error.path.removeprefix('$.data.')}: {error.detail}"
    return str(error)


def _checkpoint(proposal: Proposal) -> Checkpoint:
    try:
        return Checkpoint.parse(proposal.checkpoint)
    except MalformedNote as error:
        raise CeremonyRefused(f"this is not a proposal: {error}") from error


def sign(proposal: Proposal, signers: Sequence[Signer], governance: GovernanceOnLog) -> Proposal:
    """Add signatures by root keys in force. Raises `NoRootKey` if none of these is one."""
    roots = governance.roots
    usable = [signer for signer in signers if roots is not None and signer.vkey in roots.keys]
    if not usable:
        raise NoRootKey("none of these keys is a root key in force; `registry governance show` shows the root keys")
    signed = {_name(line) for line in proposal.signatures}
    message = proposal.checkpoint.encode()
    added = [
        str(Signature(s.vkey.name, s.vkey.key_id, s.sign(message)))
        for s in usable
        if (s.vkey.name, s.vkey.key_id) not in signed
    ]
    return msgspec.structs.replace(proposal, signatures=[*proposal.signatures, *added])


def _name(line: str) -> tuple[str, bytes]:
    try:
        signature = Signature.parse(line)
    except MalformedNote as error:
        raise CeremonyRefused(f"a signature of it cannot be read: {error}") from error
    return signature.name, signature.key_id


def signed_by(proposal: Proposal, governance: GovernanceOnLog) -> list[VerifierKey]:
    """Return the root keys in force that have signed. Raises `CeremonyRefused` if a signature does not verify."""
    roots = governance.roots
    if not proposal.signatures or roots is None:
        return []
    note = proposal.note()
    message = note.text.encode()
    lines = note.by(roots.keys)
    for key, line in lines:
        if not key.verifies(line.signature, message):
            raise CeremonyRefused(f"the signature by {key.label} does not verify")
    return [key for key, _ in lines]


def missing_signatures(proposal: Proposal, governance: GovernanceOnLog) -> str:
    """Return a sentence about the missing signatures and who can give them; empty if none is missing."""
    roots, signed = governance.roots, signed_by(proposal, governance)
    if roots is None or len(signed) >= roots.threshold:
        return ""
    others = ", ".join(key.label for key in roots.keys if key not in signed)
    return f"{signatures_needed(len(signed), roots.threshold)}; the root keys that have not signed it are {others}"


def ready(proposal: Proposal, governance: GovernanceOnLog) -> bytes:
    """Return the commit to publish. Raises `CeremonyRefused` while signatures are missing."""
    roots = governance.roots
    signed = len(signed_by(proposal, governance))
    if roots is None or signed < roots.threshold:
        needed = roots.threshold if roots is not None else 1
        raise CeremonyRefused(signatures_needed(signed, needed))
    return proposal.record()
