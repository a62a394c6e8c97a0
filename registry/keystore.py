"""A node's private keys, as files that nobody else may read."""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.vault import KEY_BYTES
from registry.wire.keys import Ed25519Signer

SIGNING: Final = "signing"
MASTER: Final = "vault-master.key"


class KeystoreError(Exception):
    """A key that is missing, readable by others, or does not open. The message says which and what to do."""


class Keystore:
    """The folder of keys: signing keys in PKCS8, encrypted where there is a passphrase; the vault's master key."""

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self._folder = folder
        self._passphrase = passphrase

    def create_signer(self, name: str, origin: str) -> Ed25519Signer:
        """A new signing key, stored under a name."""
        signer = Ed25519Signer.generate(origin)
        protection: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(self._passphrase)
            if self._passphrase
            else serialization.NoEncryption()
        )
        data = signer.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        self._write(f"{name}.pem", data)
        return signer

    def signer(self, name: str, origin: str) -> Ed25519Signer:
        """The signing key of that name."""
        data = self._read(f"{name}.pem")
        try:
            private = serialization.load_pem_private_key(data, self._passphrase)
        except (ValueError, TypeError) as error:
            raise KeystoreError(
                f"{self._folder / name}.pem does not open: is the passphrase right? (passphrase_file in the settings)"
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeystoreError(f"{self._folder / name}.pem is not an Ed25519 key")
        return Ed25519Signer(origin, private)

    def names(self) -> list[str]:
        """The names of the signing keys."""
        return sorted(path.stem for path in self._folder.glob("*.pem"))

    def create_master(self) -> bytes:
        """A new master key for the vault."""
        master = os.urandom(KEY_BYTES)
        self._write(MASTER, master.hex().encode() + b"\n")
        return master

    def master(self) -> bytes:
        """The vault's master key."""
        text = self._read(MASTER).strip()
        try:
            return bytes.fromhex(text.decode())
        except ValueError as error:
            raise KeystoreError(f"{self._folder / MASTER} is not a key in hexadecimal") from error

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise KeystoreError(f"{path} exists; a key is never overwritten") from error
        with os.fdopen(file, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            mode = path.stat().st_mode
            data = path.read_bytes()
        except OSError as error:
            raise KeystoreError(f"cannot read {path}: {error.strerror}; make keys with `registry init`") from error
        if stat.S_IMODE(mode) & 0o077:
            raise KeystoreError(f"{path} can be read by others; run: chmod 600 {path}")
        return data
