"""Encryption and keyed hashes of the vault: AES-256-GCM, BLAKE2 and HKDF, and the keys of buckets ready for use."""

import os
import struct
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.vault.keys import KEY_BYTES, KeyReplaced, KeyRing, VaultError

_NONCE_BYTES: Final = 12
_PREFIX: Final = struct.Struct(">HI")
"""The beginning of a value: the bucket of the key that sealed it, and the key's generation."""


class OpenRing:
    """Keys that are ready to seal and open."""

    def __init__(self, ring: KeyRing, mark: object = None) -> None:
        """`mark` is the mark of the keys' files when they were read (`KeyFiles.read_ring_mark`)."""
        self.ring = ring
        self.mark = mark
        self._ciphers: dict[tuple[int, int], AESGCM] = {}

    def _cipher(self, bucket: int, generation: int) -> AESGCM:
        cipher = self._ciphers.get((bucket, generation))
        if cipher is None:
            key = self.ring.buckets[bucket].get(generation) if bucket < len(self.ring.buckets) else None
            if key is None:
                raise KeyReplaced("the key of a row of the vault was destroyed: its learner, or another, was erased")
            cipher = self._ciphers[bucket, generation] = AESGCM(key)
        return cipher

    def seal(self, bucket: int, value: bytes, learner: str, purpose: str) -> bytes:
        """Encrypt under the key of a bucket that is in use; bucket (2 bytes) and generation (4) come first."""
        generation, _ = self.ring.current(bucket)
        sealed = seal_bytes(self._cipher(bucket, generation), value, learner, purpose)
        return _PREFIX.pack(bucket, generation) + sealed

    def open(self, sealed: bytes, learner: str, purpose: str) -> bytes:
        """Decrypt. Raises `KeyReplaced`, `VaultError`."""
        if len(sealed) < _PREFIX.size:
            raise VaultError("a row of the vault does not open: it is too short")
        bucket, generation = _PREFIX.unpack_from(sealed)
        return open_bytes(self._cipher(bucket, generation), sealed[_PREFIX.size :], learner, purpose)


def seal_bytes(cipher: AESGCM, value: bytes, learner: str, purpose: str) -> bytes:
    """Encrypt with AES-256-GCM: a random nonce, then the ciphertext, bound to a learner and a purpose."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, f"{learner} {purpose}".encode())


def open_bytes(cipher: AESGCM, sealed: bytes, learner: str, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` encrypted. Raises `VaultError`."""
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{learner} {purpose}".encode())
    except InvalidTag as error:
        raise VaultError("a row of the vault does not open: another master key, or altered") from error


def hash_with_key(key: bytes, value: bytes) -> bytes:
    """Return a keyed hash (32 bytes)."""
    # Keyed BLAKE2 (RFC 7693) needs one pass where HMAC needs two, and each row needs three hashes.
    return blake2b(value, key=key, digest_size=32).digest()


def derive_key(master: bytes, purpose: bytes) -> bytes:
    """Return the key (32 bytes) that HKDF-SHA-256 derives from a secret for a purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"credential registry vault: " + purpose).derive(master)


def bucket_of(identifier: str) -> int:
    """Return the bucket of a learner's or a credential's id (a UUID in canonical form): its first byte."""
    return int(identifier[:2], 16)
