"""Cosignatures of checkpoints by witnesses (C2SP tlog-cosignature, Ed25519 version 1).

By a cosignature a witness states: at this time, this was the largest consistent head of this log that I had seen.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.wire.checkpoint import Signature, SignedNote
from registry.wire.errors import MalformedNote
from registry.wire.keys import Signer, check_name, decode_base64

COSIGNATURE: Final = 0x04
_TIME_BYTES: Final = 8
_LENGTH: Final = _TIME_BYTES + 64


class CosignerKey(msgspec.Struct, frozen=True, gc=False):
    """A witness's public key: `<name>+<key id in hex>+<base64 of 0x04 ‖ key>`."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, public: bytes) -> "CosignerKey":
        """Make the key of a name and 32 raw public bytes."""
        check_name(name)
        return cls(name, hashlib.sha256(name.encode() + b"\n" + bytes([COSIGNATURE]) + public).digest()[:4], public)

    @classmethod
    def parse(cls, text: str) -> "CosignerKey":
        """Read the vkey of a witness. Raises `MalformedNote`."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise MalformedNote(f"{text[:80]!r} is not a witness's key (name+id+key)")
        key = decode_base64(parts[2], what="the key")
        if len(key) != 33 or key[0] != COSIGNATURE:
            raise MalformedNote(f"the key of {parts[0]} is not an Ed25519 key for cosignatures")
        parsed = cls.of(parts[0], key[1:])
        if parsed.key_id.hex() != parts[1]:
            raise MalformedNote(f"the key id of {parts[0]} is {parsed.key_id.hex()}, not {parts[1][:16]!r}")
        return parsed

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([COSIGNATURE]) + self.public).decode()}"

    def time_of(self, note: SignedNote) -> datetime | None:
        """Return when this witness cosigned the note; None where it did not, or its line does not verify."""
        for line in note.signatures:
            if (line.name, line.key_id) == (self.name, self.key_id) and len(line.signature) == _LENGTH:
                seconds = int.from_bytes(line.signature[:_TIME_BYTES])
                try:
                    key = Ed25519PublicKey.from_public_bytes(self.public)
                    key.verify(line.signature[_TIME_BYTES:], _message(note.text, seconds))
                    return datetime.fromtimestamp(seconds, UTC)
                except (InvalidSignature, ValueError, OverflowError, OSError):
                    return None
        return None


def cosign(name: str, signer: Signer, text: str, time: datetime) -> Signature:
    """Return a witness's signature line over a checkpoint's text."""
    seconds = int(time.timestamp())
    key = CosignerKey.of(name, signer.vkey.public)
    return Signature(name, key.key_id, seconds.to_bytes(_TIME_BYTES) + signer.sign(_message(text, seconds)))


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
