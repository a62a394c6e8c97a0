"""The checks of a document, and their results, in the order in which they are made."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from registry.documents.revocation import Revocation

CheckName = Literal["parsed", "schema", "signature", "certificate", "issuer", "onLog", "status", "dates", "holder"]
CheckResult = Literal["passed", "failed", "warning", "notChecked"]
"""`notChecked`: it could not be checked; the sentence says why."""


class Check(msgspec.Struct, frozen=True, rename="camel"):
    """One check of a document."""

    name: CheckName
    result: CheckResult
    sentence: str
    """The check and its finding, for a person."""
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Values that programs use: dates, addresses, keys. Not what a document says of itself, as if it were true."""


def check_certificate(revocation: Revocation) -> Check:
    """Return the check of whether the certificate of a signature was revoked."""
    results: Mapping[str, CheckResult] = {"good": "passed", "revoked": "failed", "unknown": "notChecked"}
    return Check("certificate", results[revocation.state], revocation.sentence)


class StatusPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a status list, as a document names it. What has another form is left out."""

    type: str
    """The mechanism: `BitstringStatusListEntry`, `TokenStatusList`, or one that is not known here."""
    list: str | None = None
    """The address of the list."""
    index: int | None = None
    purpose: str | None = None
    size: int | None = 1
    """Bits of an entry; None where the document states them in a form that cannot be read."""


class OpenedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document whose proof was checked by its format, before anybody is asked about issuer, log and status."""

    format: str
    checks: Sequence[Check]
    """`parsed`, `schema`, `signature`, and others that the format alone can make, in order."""
    issuer: str | None = None
    """The issuer's identifier as the document names it: a DID, an address, or the origin of a member's log."""
    key: Mapping[str, str] | None = None
    """The public key whose signature was verified, as a JWK; None where no signature holds."""
    key_source: str | None = None
    """The source of the key: `did:key`, `did:web`, `x5c`, `log`, `jwks`."""
    claims: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The content of the document: `credential`, `title`, `ects`, `awardingDate`, `validFrom`, `validUntil`, and of the
    person what was disclosed. Empty where the signature is broken."""
    status: Sequence[StatusPlace] = ()
    """The places in status lists that the document names."""
    members: Sequence[bytes] = ()
    """The documents inside of it, each with an issuer of its own. Nothing of them is in `claims`."""
    tie: Mapping[str, Any] | None = None
    """The credential's place on a member's log: `origin`, `credential`, `receipt`, `disclosures`."""

    def __repr__(self) -> str:
        return f"OpenedDocument({self.format})"  # a person is never shown by accident
