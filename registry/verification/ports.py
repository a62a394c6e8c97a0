"""Ports of verification: what formats ask of keys, and what the frame asks of members, the log and statuses.

Each answer may be *cannot be asked*, which is never taken for good news.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
from cryptography import x509

from registry.documents.revocation import Revocation
from registry.verification.checks import Check, StatusPlace
from registry.verification.issuing_keys import AnnouncedKey

MAX_LAG: Final = timedelta(minutes=15)
"""If an issuer's log was not read to its end for longer, the present status is not known."""


class CannotAsk(Exception):
    """A question that nobody here can answer now. The message is a sentence that a person understands."""


class InvalidReceipt(Exception):
    """A receipt that proves nothing. The message says why."""


class HolderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The challenge that a verifier asked the holder to sign."""

    nonce: str
    audience: str


class ResolvedKey(msgspec.Struct, frozen=True):
    """A public key of an issuer."""

    jwk: Mapping[str, str]
    source: str
    """The origin of the key: `did:key`, `did:web`, `x5c`, `log`, `jwks`."""
    revocation: Revocation | None = None
    """The revocation of its certificates; None where the key has none."""


class UnresolvedKey(msgspec.Struct, frozen=True):
    """No key: the issuer cannot be reached, does not have it, or its certificate is not trusted."""

    reason: str
    """A sentence that a person understands."""
    contradicts: bool = False
    """True where the document itself is wrong, as with a certificate of somebody else; else another try may help."""


class KeyResolver(Protocol):
    """Finds the key of an issuer."""

    def resolve(self, issuer: str, key_id: str | None, x5c: Sequence[str] = ()) -> ResolvedKey | UnresolvedKey:
        """Return the key with which an issuer says to have signed.

        Args:
            issuer: The issuer's identifier: a DID or an https address.
            key_id: The key's identifier as the document names it (`kid`, a verification method).
            x5c: The chain of certificates that the document holds, base64 of DER.

        """
        ...


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A member as governance describes it."""

    member: str
    origin: str
    legal_name: str
    standing: str
    """Now: `active`, `suspended` or `withdrawn`."""
    accreditations: Sequence[Mapping[str, Any]] = ()


class ProvenEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The event that a receipt proves."""

    member: MemberFacts
    type: str
    subject: str
    leaf: int
    data: Mapping[str, Any]
    standing_then: str
    refused: str | None = None
    """Why the event has no effect under governance."""
    rests_on_retired_keys: bool = False
    cosigned: bool = False


class LoggedCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as this node has read it from its issuer's log."""

    member: MemberFacts
    credential: str
    leaf: int
    status: str
    """`active`, `suspended`, `revoked` or `replaced`."""
    awarding_date: date
    achievement: Mapping[str, Any]
    """The whole content of the version that was awarded."""
    standing_then: str
    valid_until: date | None = None
    ects: float | None = None
    claims: str | None = None
    """The digest that the disclosures must have."""
    flags: Sequence[str] = ()
    replaced_by: str | None = None
    is_current: bool = True
    """False if the issuer's log was not read to its end lately."""


class MemberLookup(Protocol):
    """Tells whether an issuer is a member."""

    def find(self, issuer: str) -> MemberFacts | None:
        """Return the member with an identifier: its short name, its origin, or its DID. Raises `CannotAsk`."""
        ...

    def find_keys(self, jwk: Mapping[str, str]) -> Sequence[AnnouncedKey]:
        """Return a key as each member that announced it did. Raises `CannotAsk`.

        Anybody can announce anybody's public key: a member that does so answers for what it signed.
        """
        ...


class LogLookup(Protocol):
    """Tells what is on a member's log."""

    def check_receipt(self, receipt: str) -> ProvenEvent:
        """Return the event that a receipt proves. Raises `InvalidReceipt`, `CannotAsk`."""
        ...

    def find(self, member: str, credential: str) -> LoggedCredential | None:
        """Return a credential; None where the member issued none of this id. Raises `CannotAsk`."""
        ...


class StatusLookup(Protocol):
    """Reads status lists."""

    def check(self, places: Sequence[StatusPlace], issuer: str | None, at: datetime) -> Check:
        """Return the check `status` of a document with these places, in lists that its issuer signed."""
        ...


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a verification may ask."""

    keys: KeyResolver
    members: MemberLookup
    log: LogLookup
    statuses: StatusLookup
    at: datetime
    """Now."""
    anchors: Sequence[x509.Certificate] = ()
    """Certificates whose holders are trusted to say who somebody is, for seals."""
    revocation_lists: Sequence[x509.CertificateRevocationList] = ()
    """Lists of revoked certificates; none is fetched."""
    known_issuers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Identifiers of issuers that the verifying person trusts, with the names that they gave them."""
    holder: HolderRequest | None = None
    """None for a file, where nobody was asked."""
