"""Keys that sign documents for wallets and files: data of events on the issuer's log."""

import hashlib
import json
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from registry.wire import base64url
from registry.wire.certificates import public_key_info
from registry.wire.errors import MalformedNote
from registry.wire.forms import AtLeastOne, Digest, Fault
from registry.wire.keys import decode_base64

Profile = Literal["open", "eudi"]
KeyEndReason = Literal["rotated", "lost", "compromised"]
Coordinate = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""32 bytes in canonical base64url without padding."""


class PublicJwk(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A public key as a JSON Web Key (RFC 7517, RFC 8037): Ed25519, or P-256 with both coordinates.

    The bytes are not checked to be a point of the curve: a key that is not one verifies nothing.
    """

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: Coordinate
    y: Coordinate | None = None
    d: None = None
    """The private half, which nobody may publish: any value is refused."""

    @property
    def thumbprint(self) -> str:
        """The JWK thumbprint: SHA-256 of the required members (RFC 7638, section 3), 43 characters."""
        members = {"crv": self.crv, "kty": self.kty, "x": self.x}
        if self.y is not None:
            members["y"] = self.y
        canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
        return base64url.encode(hashlib.sha256(canonical).digest())

    @property
    def members(self) -> dict[str, str]:
        """The members of the public key as JSON has them."""
        members = {"kty": self.kty, "crv": self.crv, "x": self.x}
        return members if self.y is None else {**members, "y": self.y}

    @property
    def coordinates(self) -> bytes:
        """The bytes of `x`, and of `y` where there is one."""
        return b"".join(base64url.decode(text) for text in (self.x, self.y or "") if text)

    def fault(self) -> Fault | None:
        """Return a fault where type and curve do not belong together, or a coordinate is missing or too many."""
        if (self.kty == "OKP") != (self.crv == "Ed25519"):
            return ".crv", f"{self.crv} is not a curve of {self.kty} keys"
        if (self.y is None) == (self.kty == "EC"):
            return (
                ".y",
                "a P-256 key has x and y" if self.kty == "EC" else "an Ed25519 key has x alone",
            )
        return None


class IssuingKeyAnnounced(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`issuing.key.announced.v1`: this member signs documents with the key."""

    key: Digest
    jwk: PublicJwk
    profiles: AtLeastOne[Profile]
    x5c: AtLeastOne[str] | None = None

    @property
    def subject(self) -> str:
        """The thumbprint of the key that the event is about."""
        return self.key

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return a fault where the key is not the one that is named, or the first certificate holds another key."""
        if (fault := self.jwk.fault()) is not None:
            return f".jwk{fault[0]}", fault[1]
        if self.key != self.jwk.thumbprint:
            return ".key", f"is not the thumbprint of the key, {self.jwk.thumbprint}"
        return self._chain_fault()

    def _chain_fault(self) -> Fault | None:
        for index, text in enumerate(self.x5c or ()):
            path = f".x5c[{index}]"
            try:
                certificate = decode_base64(text, what="the certificate")
            except MalformedNote as error:
                return path, str(error)
            info = public_key_info(certificate)
            if info is None:
                return path, "is not an X.509 certificate in DER"
            if index == 0 and info != expected_key_info(self.jwk):
                return path, "holds another key"
        return None


_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")
_P256_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def expected_key_info(jwk: PublicJwk) -> bytes:
    """Return the SubjectPublicKeyInfo (RFC 5280, RFC 8410, RFC 5480) of a key, in DER."""
    return (_ED25519_INFO if jwk.kty == "OKP" else _P256_INFO) + jwk.coordinates


class IssuingKeyEnded(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """`issuing.key.ended.v1`: this member signs no more documents with the key."""

    key: Digest
    reason: KeyEndReason

    @property
    def subject(self) -> str:
        """The thumbprint of the key that the event is about."""
        return self.key

    def fault(self, publisher: str) -> Fault | None:  # noqa: ARG002 - one shape for all events
        """Return no fault: the fields' own forms are all that is checked."""
        return None
