"""The result of an export, the key that signs it, and the values that one copy of a credential has of its own."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Profile = Literal["open", "eudi"]
"""`open`: Ed25519 and did:web. `eudi`: P-256 with a chain of certificates."""
Tie = Literal["open", "disclosable", "none"]
"""The tie of a document to the log: for all to see, as a claim that the holder may disclose, or none."""


class Omission(msgspec.Struct, frozen=True, rename="camel"):
    """A fact that a format cannot carry."""

    path: str
    """The fact, for example `achievement.stackability`."""
    reason: str
    """A sentence that a person understands."""


class Exported(msgspec.Struct, frozen=True):
    """A document in one format."""

    content: bytes
    media_type: str
    extension: str
    """Of the file's name, without a dot."""
    omitted: Sequence[Omission] = ()
    """The facts of the credential that this format cannot carry."""

    def __repr__(self) -> str:
        return f"Exported({self.media_type}, {len(self.content)} bytes)"  # a person is never shown by accident


class Attachment(NamedTuple):
    """A file inside a PDF: the credential in another format, or a proof."""

    name: str
    """Without anything about a person."""
    media_type: str
    content: bytes
    description: str

    def __repr__(self) -> str:
        return f"Attachment({self.name})"  # a person is never shown by accident


class ExportError(Exception):
    """A credential that cannot be exported in this format. The message says why and what to do."""


class DocumentSigner(Protocol):
    """A key of the issuer that signs documents: one that its log announces (docs/issuing-keys.md)."""

    @property
    def profile(self) -> Profile:
        """The profile whose documents it signs."""
        ...

    @property
    def thumbprint(self) -> str:
        """The JWK thumbprint, which names the key on the log."""
        ...

    @property
    def jwk(self) -> Mapping[str, str]:
        """The public key."""
        ...

    @property
    def x5c(self) -> Sequence[str]:
        """The chain of certificates, base64 of DER, the key's own first; empty where there is none."""
        ...

    @property
    def issuer(self) -> str:
        """The issuer's identifier: `did:web:…` where the node has a public address."""
        ...

    @property
    def verification_method(self) -> str:
        """The identifier of the key: the issuer's with the thumbprint as fragment."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes: EdDSA for Ed25519, r and s for ES256."""
        ...


class StatusPlaces(msgspec.Struct, frozen=True):
    """The place of one copy of a credential in the issuer's status lists: one index, in all forms of list."""

    bitstring_list: str
    """The address of the Bitstring Status List of revocations."""
    token_list: str
    """The address of the Token Status List."""
    index: int
    suspension_list: str | None = None
    """The address of the Bitstring Status List of suspensions."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The values that one document has of its own, so that two copies of a credential share none."""

    identifier: str
    """A fresh `urn:uuid:`."""
    issued: date
    """The day of the copy. Documents have no time of day."""
    status: StatusPlaces | None = None
    holder: Mapping[str, Any] | None = None
    """The holder's public key as a JWK; None for a document that anybody may present."""
    tie: Tie = "disclosable"
