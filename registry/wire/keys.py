"""Ed25519 keys in the text forms of C2SP signed-note: verifier keys (vkeys) and signature lines."""

import base64
import binascii
import hashlib
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.wire.errors import MalformedNote

ED25519 = 0x01
"""The algorithm byte of signed-note. Keys of witnesses have 0x04 (tlog-cosignature); they are not keys of members."""


def decode_base64(text: str, *, what: str) -> bytes:
    """Decode canonical standard base64: padded, without white space, no bits set beyond the data.

    Raises `MalformedNote`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedNote(f"{what} is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise MalformedNote(f"{what} is not canonical base64")
    return data


def check_name(name: str) -> None:
    """Raise `MalformedNote` where a key's name is empty, or has Unicode space, a plus sign or a control character."""
    if not name or "+" in name or any(c.isspace() or ord(c) < 0x20 for c in name):
        raise MalformedNote(f"{name!r} is not a key's name")


class VerifierKey(msgspec.Struct, frozen=True, gc=False):
    """A public key and the name that it signs as: `<name>+<key id in hex>+<base64 of 0x01 ‖ key>`.

    Its 32 bytes are not checked to be a point of the curve: a key that is not one verifies nothing.
    """

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, public: bytes) -> "VerifierKey":
        """Make the vkey of a name and 32 raw public bytes."""
        check_name(name)
        return cls(name, _key_id(name, public), public)

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a vkey. Raises `MalformedNote` where the form or the key id is wrong."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise MalformedNote(f"{text[:80]!r} is not a verifier key (name+id+key)")
        name, hexadecimal, encoded = parts
        check_name(name)
        key = decode_base64(encoded, what="the key")
        if len(key) != 33 or key[0] != ED25519:
            raise MalformedNote(f"the key of {name} is not an Ed25519 key")
        parsed = cls.of(name, key[1:])
        if parsed.key_id.hex() != hexadecimal:
            raise MalformedNote(f"the key id of {name} is {parsed.key_id.hex()}, not {hexadecimal[:16]!r}")
        return parsed

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @property
    def label(self) -> str:
        """The name and the key id, `<name>+<key id>`: what people compare."""
        return f"{self.name}+{self.key_id.hex()}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether the 64 bytes are this key's signature over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


class Signer(Protocol):
    """A port to a private key that signs as a name: in memory today; an HSM would not change the callers."""

    @property
    def vkey(self) -> VerifierKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of Ed25519 over the message: always the same for the same message."""
        ...


class Ed25519Signer:
    """A `Signer` whose private key is in this process's memory."""

    __slots__ = ("_private", "_vkey")

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._vkey = VerifierKey.of(name, private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> "Ed25519Signer":
        """Make a new key from the operating system's randomness."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def vkey(self) -> VerifierKey:
        """The public half."""
        return self._vkey

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of Ed25519 over the message."""
        return self._private.sign(message)

    @property
    def private(self) -> Ed25519PrivateKey:
        """The private key, for the code that stores it encrypted."""
        return self._private

    def __repr__(self) -> str:
        return f"Ed25519Signer({self._vkey})"
