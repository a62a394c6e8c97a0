"""A node's private keys, as files that only their owner may read, encrypted if there is a passphrase."""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.log.durable_files import create_private_file, sync_file, sync_folder
from registry.vault.ciphers import derive_key
from registry.vault.keys import KEY_BYTES, KeyRing
from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer, VerifierKey

SIGNING: Final = "signing"
"""The key with which the node signs."""
NEXT: Final = "signing-next"
"""The key that is to take its place."""
FORMER: Final = "signing-"
"""Prefix of a key id: a key that was replaced and is not retired yet, as far as this node has seen."""
RETIRED: Final = "retired-"
"""Prefix of a key id: a key that governance has retired."""
MASTER: Final = "vault-master.key"
RING: Final = "vault-keys.json"
_RING_PURPOSE: Final = b"credential registry: vault keys"
_SIGNED: Final = ".signed"
_PUBLIC: Final = ".public"
"""A signing key's public half, with the SHA-256 of the file that it belongs to."""
_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1}
_MASTER_PURPOSE: Final = b"credential registry: vault master key"

MAX_PASSPHRASE_BYTES: Final = 1023
"""The limit of PKCS8 encryption in the `cryptography` package."""

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
Ask = Callable[[], bytes | None]
"""Returns the passphrase when a key needs one, for example from a file or a person; None if there is none."""


class KeystoreError(Exception):
    """A key that is missing, readable by others, or does not decrypt. The message says which and what to do."""


class Keystore:
    """The folder of keys: signing keys in PKCS8, the vault's keys and master key, and lists of what root keys sign."""

    def __init__(self, folder: Path, passphrase: bytes | None = None, ask: Ask = lambda: None) -> None:
        """`passphrase` encrypts new keys and decrypts others. Without it, `ask` is asked when a key is encrypted."""
        self._folder = folder
        self._passphrase = passphrase
        self._ask = ask

    # Signing keys

    def create_signer(self, name: str, origin: str) -> Ed25519Signer:
        """Make a signing key and store it under a name."""
        signer = Ed25519Signer.generate(origin)
        self._write_public(name, self.write_private_key(name, signer.private), signer.vkey)
        return signer

    def write_private_key(self, name: str, private: PrivateKey) -> bytes:
        """Store a private key under a name that no key has, and return its file's content."""
        if self._passphrase is not None and len(self._passphrase) > MAX_PASSPHRASE_BYTES:
            raise KeystoreError(
                f"the passphrase has {len(self._passphrase):,} bytes; at most {MAX_PASSPHRASE_BYTES:,} protect a key."
                " Is it the right file? No key was made"
            )
        protection: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(self._passphrase)
            if self._passphrase
            else serialization.NoEncryption()
        )
        data = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        self._write(f"{name}.pem", data)
        return data

    def read_private_key(self, name: str) -> PrivateKeyTypes:
        """Return the private key of that name, of whatever kind."""
        return self._open_private_key(name, self._read(f"{name}.pem"))

    def signer(self, name: str, origin: str) -> Ed25519Signer:
        """Return the signing key of that name."""
        return self._signer(name, origin, self._read(f"{name}.pem"))

    def public(self, name: str, origin: str) -> VerifierKey | None:
        """Return the public half of the signing key of that name, without asking for a passphrase.

        None if the file is encrypted and no file with its public half is beside it: a key that was made elsewhere.
        """
        data = self._read(f"{name}.pem")
        if b"ENCRYPTED" not in data:
            return self._signer(name, origin, data).vkey
        try:
            digest, vkey = (self._folder / f"{name}{_PUBLIC}").read_text().split()
            public = VerifierKey.parse(vkey)
        except (FileNotFoundError, ValueError, MalformedNote):
            return None
        # Somebody who replaced the key file may have left the public half of the key before.
        return public if digest == hashlib.sha256(data).hexdigest() and public.name == origin else None

    def stamp(self, name: str) -> object:
        """Return a value that changes when the file of that signing key does; None if there is no file."""
        try:
            state = (self._folder / f"{name}.pem").stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size

    def _write_public(self, name: str, data: bytes, key: VerifierKey) -> None:
        path = self._folder / f"{name}{_PUBLIC}"
        try:
            path.write_text(f"{hashlib.sha256(data).hexdigest()} {key}\n")
            path.chmod(0o600)
        except OSError as error:
            raise KeystoreError(f"cannot write {path}: {error.strerror}") from error

    def _open_private_key(self, name: str, data: bytes) -> PrivateKeyTypes:
        passphrase = self._require_passphrase(f"{name}.pem") if b"ENCRYPTED" in data else None
        try:
            return serialization.load_pem_private_key(data, passphrase)
        except (ValueError, TypeError) as error:
            raise KeystoreError(f"{self._folder / name}.pem does not open: is the passphrase right?") from error

    def _signer(self, name: str, origin: str, data: bytes) -> Ed25519Signer:
        private = self._open_private_key(name, data)
        if not isinstance(private, Ed25519PrivateKey):
            raise KeystoreError(f"{self._folder / name}.pem is not an Ed25519 key")
        return Ed25519Signer(origin, private)

    def is_encrypted(self, name: str) -> bool:
        """Return whether a signing key needs a passphrase."""
        return b"ENCRYPTED" in self._read(f"{name}.pem")

    def names(self) -> list[str]:
        """Return the names of the signing keys."""
        return sorted(path.stem for path in self._folder.glob("*.pem"))

    def replace_signer(self, key_id: str | None) -> None:
        """Let the next signing key take the place of the present one, which stays under the name of a former key.

        `key_id` is the present key's; None if there is no present key. At every moment a whole key has the name of the
        present one. If this was interrupted, repeat it.
        """
        present, following = self._folder / SIGNING, self._folder / NEXT
        if key_id is not None:
            former = self._folder / f"{FORMER}{key_id}"
            with contextlib.suppress(FileExistsError):  # an interrupted run had done this
                os.link(present.with_suffix(".pem"), former.with_suffix(".pem"))
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.link(present.with_suffix(_PUBLIC), former.with_suffix(_PUBLIC))
        with contextlib.suppress(FileNotFoundError):  # a key that was made elsewhere has none
            following.with_suffix(_PUBLIC).replace(present.with_suffix(_PUBLIC))
        following.with_suffix(".pem").replace(present.with_suffix(".pem"))
        sync_folder(self._folder)

    def changed_at(self, name: str) -> datetime:
        """Return when a signing key took this name."""
        try:
            return datetime.fromtimestamp((self._folder / f"{name}.pem").stat().st_ctime, UTC)
        except OSError as error:
            raise KeystoreError(f"cannot read {self._folder / name}.pem: {error.strerror}") from error

    def rename_signer(self, name: str, to: str) -> None:
        """Give a signing key another name. Raises `KeystoreError` where that is taken."""
        if (self._folder / f"{to}.pem").exists():
            raise KeystoreError(f"{self._folder / to}.pem exists; a key is never overwritten")
        (self._folder / f"{name}.pem").rename(self._folder / f"{to}.pem")
        with contextlib.suppress(FileNotFoundError):
            (self._folder / f"{name}{_PUBLIC}").replace(self._folder / f"{to}{_PUBLIC}")
        sync_folder(self._folder)

    def signed_file(self, name: str) -> Path:
        """Return the path of the list of what a root key has signed (`registry.ceremony.signed_heads`)."""
        return self._folder / f"{name}{_SIGNED}"

    # The vault's master key

    def create_master(self) -> bytes:
        """Make a new master key for the vault, and the vault's keys under it."""
        master = os.urandom(KEY_BYTES)
        self._write(MASTER, self._master_file(master))
        self._write(RING, _ring_file(KeyRing.create(os.urandom), [master]))
        return master

    def rotate_master(self) -> None:
        """Put a new master key in the place of this one, which is destroyed. The vault's keys stay.

        The caller holds the lock of `key_replacement.locked_keys`. If this is interrupted at any step, the vault's keys
        decrypt with the master key that is stored, and it can be repeated.
        """
        ring = self.ring()
        if ring is None:
            raise KeystoreError(f"{self._folder / RING} is missing; open the node's database once to make it")
        before, master = self.master(), os.urandom(KEY_BYTES)
        self._replace(RING, _ring_file(ring, [before, master]))
        self._replace(MASTER, self._master_file(master))
        self._replace(RING, _ring_file(ring, [master]))

    def _master_file(self, master: bytes) -> bytes:
        text = master.hex() if self._passphrase is None else _encrypt_master(master, self._passphrase)
        return text.encode() + b"\n"

    def master(self) -> bytes:
        """Return the vault's master key."""
        text = self._read(MASTER).strip()
        try:
            if text.startswith(b"{"):
                return _decrypt_master(json.loads(text), self._require_passphrase(MASTER))
            return bytes.fromhex(text.decode())
        except (ValueError, KeyError, TypeError) as error:
            raise KeystoreError(f"{self._folder / MASTER} is not a key") from error
        except InvalidTag as error:
            raise KeystoreError(f"{self._folder / MASTER} does not open: is the passphrase right?") from error

    # The vault's keys, which the master key seals (`registry.vault.keys.KeyFiles`)

    def ring(self) -> KeyRing | None:
        """Return the vault's keys; None if an older version made a master key only."""
        for last_try in (False, True):  # a master key that is being replaced may change between the two files
            master = self.master()
            try:
                text = self._read(RING)
            except KeystoreError:
                if (self._folder / RING).exists():
                    raise
                return None
            try:
                return _open_ring(text, master)
            except InvalidTag as error:
                if last_try:
                    raise KeystoreError(
                        f"{self._folder / RING} does not open with {MASTER}: they are from different moments."
                        " Restore both from a backup: registry node restore FILE"
                    ) from error
            except (msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
                if last_try:  # the file may have been overwritten while it was read
                    raise KeystoreError(f"{self._folder / RING} holds no keys: {error}") from error
        raise AssertionError  # pragma: no cover - the second try returns or raises

    def vault_fault(self) -> str | None:
        """Return what is wrong with the vault's keys, as far as it shows without a passphrase; None if nothing."""
        try:
            encrypted = self._read(MASTER).lstrip().startswith(b"{")
            if not encrypted or self._passphrase is not None:
                self.ring()
        except KeystoreError as error:
            return str(error)
        return None

    def write_ring(self, ring: KeyRing) -> None:
        """Store the vault's keys in the place of those before, whose file is overwritten."""
        self._replace(RING, _ring_file(ring, [self.master()]))

    def read_ring_mark(self) -> object:
        """Return a value that differs for each file of the vault's keys; None if there is no file."""
        try:
            state = (self._folder / RING).stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns

    # Files

    def _require_passphrase(self, name: str) -> bytes:
        if self._passphrase is None:
            self._passphrase = self._ask()
        if self._passphrase is None:
            raise KeystoreError(
                f"{self._folder / name} is encrypted; give its passphrase by passphrase_file in the settings or in"
                " REGISTRY_PASSPHRASE, or run the command on a terminal"
            )
        return self._passphrase

    def _write(self, name: str, data: bytes) -> None:
        """Write a new key's file: whole or not at all, and never over another."""
        path = self._folder / name
        fresh = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            out = create_private_file(fresh)
            try:
                with out:
                    out.write(data)
                    sync_file(out)
                os.link(fresh, path)
            finally:
                fresh.unlink()
            sync_folder(self._folder)
        except FileExistsError as error:
            raise KeystoreError(f"{path} exists; a key is never overwritten") from error
        except OSError as error:
            raise KeystoreError(f"cannot write {path}: {error.strerror}") from error

    def _replace(self, name: str, data: bytes) -> None:
        """Replace a file durably, whole or not at all, and overwrite the old one with zeros.

        The old bytes may survive on disks and file systems that write to another place (SSDs, copy on write,
        snapshots): encrypt such a disk.
        """
        path, fresh = self._folder / name, self._folder / f".{name}.new"
        try:
            _destroy(fresh)  # a process may have died before it put this in its place
            with create_private_file(fresh) as out:
                out.write(data)
                sync_file(out)
            before = os.open(path, os.O_WRONLY) if path.exists() else None
            fresh.replace(path)
        except OSError as error:
            raise KeystoreError(f"cannot write {path}: {error.strerror}; the keys are as they were") from error
        sync_folder(self._folder)
        if before is not None:
            _overwrite(before)

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            mode = path.stat().st_mode
            data = path.read_bytes()
        except OSError as error:
            raise KeystoreError(
                f"cannot read {path}: {error.strerror}. Restore it from this node's newest backup:"
                " registry node restore FILE"
            ) from error
        if stat.S_IMODE(mode) & 0o077:
            raise KeystoreError(f"{path} can be read by others; run: chmod 600 {path}")
        return data


class _RingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sealed: list[bytes]
    """The keys, sealed under the master key; while that is replaced, under the old one and under the new one."""


def _ring_file(ring: KeyRing, masters: Sequence[bytes]) -> bytes:
    sealed = []
    for master in masters:
        nonce = os.urandom(12)
        cipher = AESGCM(derive_key(master, b"keys"))
        sealed.append(nonce + cipher.encrypt(nonce, msgspec.json.encode(ring), _RING_PURPOSE))
    return msgspec.json.encode(_RingFile(sealed)) + b"\n"


def _open_ring(text: bytes, master: bytes) -> KeyRing:
    cipher = AESGCM(derive_key(master, b"keys"))
    for sealed in msgspec.json.decode(text, type=_RingFile).sealed:
        with suppress(InvalidTag):
            return msgspec.json.decode(cipher.decrypt(sealed[:12], sealed[12:], _RING_PURPOSE), type=KeyRing)
    raise InvalidTag


def _destroy(path: Path) -> None:
    try:
        file = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return
    _overwrite(file)
    path.unlink()


def _overwrite(file: int) -> None:
    """Overwrite an open file with zeros, and close it."""
    with os.fdopen(file, "wb", buffering=0) as out:
        out.write(bytes(os.fstat(out.fileno()).st_size))
        os.fsync(out.fileno())


def _encrypt_master(master: bytes, passphrase: bytes) -> str:
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_stretch(passphrase, salt, _SCRYPT)).encrypt(nonce, master, _MASTER_PURPOSE)
    return json.dumps({"kdf": "scrypt", **_SCRYPT, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()})


def _decrypt_master(values: dict[str, str | int], passphrase: bytes) -> bytes:
    costs = {name: int(values[name]) for name in _SCRYPT}
    key = _stretch(passphrase, bytes.fromhex(str(values["salt"])), costs)
    return AESGCM(key).decrypt(
        bytes.fromhex(str(values["nonce"])), bytes.fromhex(str(values["sealed"])), _MASTER_PURPOSE
    )


def _stretch(passphrase: bytes, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **costs).derive(passphrase)
