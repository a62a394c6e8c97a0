"""Members, their keys and their standing: data of events on the consortium's own log."""

import base64
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from registry.wire.errors import MalformedNote
from registry.wire.forms import AtLeastOne, Country, Date, Fault, Field, Level, Member, Root, Size
from registry.wire.keys import VerifierKey

Role = Literal["issuer", "recogniser"]
KeyReason = Literal["rotated", "lost", "compromised"]
StandingReason = Literal["administrative", "accreditationLost", "rulesBroken"]
VoidReason = Literal["keyCompromised", "publishedByMistake"]
Standing = Literal["active", "suspended", "withdrawn"]


class Head(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A head of a member's log that the signers of governance verified: an anchor."""

    size: Size
    root: Root

    @property
    def root_bytes(self) -> bytes:
        """The root, 32 bytes."""
        return base64.b64decode(self.root)


def head(size: int, root: bytes) -> Head:
    """Make a head from the 32 bytes of the root."""
    return Head(size, base64.b64encode(root).decode())


class Identifier(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An identifier of the institution in a scheme of the field."""

    scheme: Literal["ror", "eter", "schac", "erasmus", "pic", "did", "registration", "vat", "deqar"]
    value: str


class Accreditation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A quality assurance decision about the institution. It is shown, and never refuses an event."""

    type: str
    agency: str
    decision: str
    status: str
    eqf_levels: list[Level]
    fields_of_education: list[Field]
    valid_from: Date
    deqar_report: str | None = None
    valid_until: Date | None = None


class AppealBody(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The body to which a decision of this member can be appealed."""

    name: str
    url: str


class ConsortiumFounded(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`consortium.founded.v1`: leaf 0, whose hash a verifier must know beforehand."""

    consortium: str
    root_keys: AtLeastOne[str]
    threshold: Annotated[int, Meta(ge=1)]

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.consortium

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where the source is another, two keys share an id, or the keys cannot reach the threshold."""
        if self.consortium != publisher:
            return ".consortium", f"this is the log of {publisher}"
        return _root_keys_fault(self.root_keys, self.threshold, publisher)


class RootKeysRotated(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`consortium.keys.rotated.v1`: signed by the old keys."""

    root_keys: AtLeastOne[str]
    threshold: Annotated[int, Meta(ge=1)]

    @property
    def subject(self) -> None:
        """None: the subject is the source, the consortium's name."""
        return

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where two keys share an id, or the keys cannot reach the threshold."""
        return _root_keys_fault(self.root_keys, self.threshold, publisher)


def _root_keys_fault(keys: list[str], threshold: int, consortium: str) -> Fault | None:
    for index, text in enumerate(keys):
        if (wrong := _key_fault(text, consortium)) is not None:
            return f".rootKeys[{index}]", wrong
    if (wrong := _shared_key_id(keys)) is not None:
        return ".rootKeys", wrong
    if threshold > len(keys):
        return ".threshold", f"{len(keys)} keys cannot reach a threshold of {threshold}"
    return None


def _key_fault(text: str, name: str | None) -> str | None:
    try:
        key = VerifierKey.parse(text)
    except MalformedNote as error:
        return str(error)
    return None if name is None or key.name == name else f"the key signs as {key.name}, not as {name}"


def _shared_key_id(keys: list[str]) -> str | None:
    """Say which well-formed keys of one name share an id: no signature line could tell them apart."""
    key_ids: set[bytes] = set()
    for text in keys:
        key = VerifierKey.parse(text)
        if key.key_id in key_ids:
            return f"two keys have the key id {key.key_id.hex()}"
        key_ids.add(key.key_id)
    return None


class _AboutMember(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    member: Member

    @property
    def subject(self) -> str:
        """The id that the event is about."""
        return self.member

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None


class MemberRevised(_AboutMember, frozen=True, gc=False, rename="camel", kw_only=True):
    """`member.revised.v1`: the whole content again; keys and roles have their own events."""

    legal_name: str
    country: Country
    identifiers: list[Identifier]
    accreditations: list[Accreditation]
    region: str | None = None
    locality: str | None = None
    homepage: str | None = None
    appeal_body: AppealBody | None = None


class MemberAdmitted(MemberRevised, frozen=True, gc=False, rename="camel", kw_only=True):
    """`member.admitted.v1`: the content, the first keys and the roles."""

    keys: AtLeastOne[str]
    roles: list[Role]

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where a key does not sign as the member's origin, or two share an id."""
        for index, text in enumerate(self.keys):
            if (wrong := _key_fault(text, f"{publisher}/{self.member}")) is not None:
                return f".keys[{index}]", wrong
        wrong = _shared_key_id(self.keys)
        return None if wrong is None else (".keys", wrong)


class MemberKeyAdded(_AboutMember, frozen=True, gc=False, rename="camel"):
    """`member.key.added.v1`: the key signs commits whose base is at least `head.size`."""

    vkey: str
    head: Head

    def fault(self, publisher: str) -> Fault | None:
        """Return a fault where the key does not sign as the member's origin."""
        wrong = _key_fault(self.vkey, f"{publisher}/{self.member}")
        return None if wrong is None else (".vkey", wrong)


class MemberKeyRetired(_AboutMember, frozen=True, gc=False, rename="camel"):
    """`member.key.retired.v1`: the key signs commits whose size is at most `head.size`."""

    vkey: str
    head: Head
    reason: KeyReason


class MemberRolesChanged(_AboutMember, frozen=True, gc=False, rename="camel"):
    """`member.roles.changed.v1`: the roles hold for leaves from index `head.size` on."""

    roles: list[Role]
    head: Head


class _StandingChanged(_AboutMember, frozen=True, gc=False, rename="camel"):
    head: Head
    reason: StandingReason


class MemberSuspended(_StandingChanged, frozen=True, gc=False, rename="camel"):
    """`member.suspended.v1`."""


class MemberReinstated(_StandingChanged, frozen=True, gc=False, rename="camel"):
    """`member.reinstated.v1`."""


class MemberWithdrawn(_StandingChanged, frozen=True, gc=False, rename="camel"):
    """`member.withdrawn.v1`: suspended, and never reinstated."""


class MemberRangeVoided(_AboutMember, frozen=True, gc=False, rename="camel"):
    """`member.range.voided.v1`: leaves [from, to) have no effect, and stay where they are."""

    from_: Size = msgspec.field(name="from")
    to: Size
    head: Head
    reason: VoidReason

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return a fault where the range is empty, or reaches beyond the head."""
        if not self.from_ < self.to <= self.head.size:
            return ".to", f"leaves {self.from_} to {self.to} are not a range below {self.head.size}"
        return None
