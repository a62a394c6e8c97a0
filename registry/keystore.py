"""A node's private keys, as files that nobody else may read, encrypted where there is a passphrase."""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.vault import KEY_BYTES
from registry.wire.errors import MalformedNote
from registry.wire.keys import Ed25519Signer, VerifierKey

SIGNING: Final = "signing"
"""The key that the node signs by."""
NEXT: Final = "signing-next"
"""The key that is to take its place."""
FORMER: Final = "signing-"
"""With its key id: a key that was replaced and is not retired yet, as far as this node has seen."""
RETIRED: Final = "retired-"
"""With its key id: a key that governance has retired."""
MASTER: Final = "vault-master.key"
_SIGNED: Final = ".signed"
_PUBLIC: Final = ".public"
"""A signing key's public half, with the SHA-256 of the file that it belongs to."""
_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1}
_MASTER_PURPOSE: Final = b"credential registry: vault master key"

Ask = Callable[[], bytes | None]
"""Gives the passphrase when a key turns out to need one: from a file, the environment, a person; None: nobody."""


class KeystoreError(Exception):
    """A key that is missing, readable by others, or does not open. The message says which and what to do."""


class Keystore:
    """The folder of keys: signing keys in PKCS8, the vault's master key, and what root keys have signed."""

    def __init__(self, folder: Path, passphrase: bytes | None = None, ask: Ask = lambda: None) -> None:
        """`passphrase` encrypts new keys; it, or else what `ask` gives, opens those that are encrypted."""
        self._folder = folder
        self._passphrase = passphrase
        self._ask = ask

    # Signing keys

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
        self._note_public(name, data, signer.vkey)
        return signer

    def signer(self, name: str, origin: str) -> Ed25519Signer:
        """The signing key of that name."""
        return self._signer(name, origin, self._read(f"{name}.pem"))

    def public(self, name: str, origin: str) -> VerifierKey | None:
        """The public half of the signing key of that name, without asking for a passphrase.

        None where the file is encrypted and nothing beside it says whose public half it is: a key made elsewhere.
        """
        data = self._read(f"{name}.pem")
        if b"ENCRYPTED" not in data:
            return self._signer(name, origin, data).vkey
        try:
            digest, vkey = (self._folder / f"{name}{_PUBLIC}").read_text().split()
            known = VerifierKey.parse(vkey)
        except (FileNotFoundError, ValueError, MalformedNote):
            return None
        # Whoever puts another key in its place leaves the public half of the one before.
        return known if digest == hashlib.sha256(data).hexdigest() and known.name == origin else None

    def stamp(self, name: str) -> object:
        """What changes when the file of that signing key does; None where there is none."""
        try:
            state = (self._folder / f"{name}.pem").stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size

    def _note_public(self, name: str, data: bytes, key: VerifierKey) -> None:
        path = self._folder / f"{name}{_PUBLIC}"
        try:
            path.write_text(f"{hashlib.sha256(data).hexdigest()} {key}\n")
            path.chmod(0o600)
        except OSError as error:
            raise KeystoreError(f"cannot write {path}: {error.strerror}") from error

    def _signer(self, name: str, origin: str, data: bytes) -> Ed25519Signer:
        passphrase = self._opening(f"{name}.pem") if b"ENCRYPTED" in data else None
        try:
            private = serialization.load_pem_private_key(data, passphrase)
        except (ValueError, TypeError) as error:
            raise KeystoreError(f"{self._folder / name}.pem does not open: is the passphrase right?") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeystoreError(f"{self._folder / name}.pem is not an Ed25519 key")
        return Ed25519Signer(origin, private)

    def is_encrypted(self, name: str) -> bool:
        """Whether a signing key needs a passphrase."""
        return b"ENCRYPTED" in self._read(f"{name}.pem")

    def names(self) -> list[str]:
        """The names of the signing keys."""
        return sorted(path.stem for path in self._folder.glob("*.pem"))

    def replace_signer(self, key_id: str | None) -> None:
        """Let the next signing key take the place of the present one, whose id is given and which is kept.

        `key_id` is None where there is no present one. A whole key lies under the name of the present one at every
        moment; where this was interrupted, do it again.
        """
        present, following = self._folder / SIGNING, self._folder / NEXT
        if key_id is not None:
            former = self._folder / f"{FORMER}{key_id}"
            with contextlib.suppress(FileExistsError):  # an interrupted run came as far as this
                os.link(present.with_suffix(".pem"), former.with_suffix(".pem"))
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.link(present.with_suffix(_PUBLIC), former.with_suffix(_PUBLIC))
        with contextlib.suppress(FileNotFoundError):  # a key that was made elsewhere has none
            following.with_suffix(_PUBLIC).replace(present.with_suffix(_PUBLIC))
        following.with_suffix(".pem").replace(present.with_suffix(".pem"))
        self._sync()

    def rename_signer(self, name: str, to: str) -> None:
        """Give a signing key another name. Raises `KeystoreError` where that is taken."""
        if (self._folder / f"{to}.pem").exists():
            raise KeystoreError(f"{self._folder / to}.pem exists; a key is never overwritten")
        (self._folder / f"{name}.pem").rename(self._folder / f"{to}.pem")
        with contextlib.suppress(FileNotFoundError):
            (self._folder / f"{name}{_PUBLIC}").replace(self._folder / f"{to}{_PUBLIC}")
        self._sync()

    # Sign once, for keys that sign what people bring

    def signed(self, name: str) -> dict[int, str]:
        """The sizes that this key has signed a head of, and the roots (hexadecimal)."""
        try:
            kept = json.loads((self._folder / f"{name}{_SIGNED}").read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise KeystoreError(f"{self._folder / name}{_SIGNED} is not readable; it says what was signed") from error
        return {int(size): root for size, root in kept.items()}

    def note_signed(self, name: str, size: int, root: str) -> None:
        """Write down what is about to be signed, durably."""
        kept = {str(at): known for at, known in self.signed(name).items()} | {str(size): root}
        fresh = self._folder / f".{name}{_SIGNED}"
        try:
            with fresh.open("w") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._folder / f"{name}{_SIGNED}")
        except OSError as error:
            raise KeystoreError(
                f"cannot write down in {self._folder} what is about to be signed: {error.strerror}; nothing was signed"
            ) from error

    # The vault's master key

    def create_master(self) -> bytes:
        """A new master key for the vault."""
        master = os.urandom(KEY_BYTES)
        text = master.hex() if self._passphrase is None else _sealed(master, self._passphrase)
        self._write(MASTER, text.encode() + b"\n")
        return master

    def master(self) -> bytes:
        """The vault's master key."""
        text = self._read(MASTER).strip()
        try:
            if text.startswith(b"{"):
                return _opened(json.loads(text), self._opening(MASTER))
            return bytes.fromhex(text.decode())
        except (ValueError, KeyError, TypeError) as error:
            raise KeystoreError(f"{self._folder / MASTER} is not a key") from error
        except InvalidTag as error:
            raise KeystoreError(f"{self._folder / MASTER} does not open: is the passphrase right?") from error

    # Files

    def _opening(self, name: str) -> bytes:
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
            file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with os.fdopen(file, "wb") as out:
                    os.fchmod(file, 0o600)  # whatever the umask is
                    out.write(data)
                    out.flush()
                    os.fsync(file)
                os.link(fresh, path)
            finally:
                fresh.unlink()
            self._sync()
        except FileExistsError as error:
            raise KeystoreError(f"{path} exists; a key is never overwritten") from error
        except OSError as error:
            raise KeystoreError(f"cannot write {path}: {error.strerror}") from error

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            mode = path.stat().st_mode
            data = path.read_bytes()
        except OSError as error:
            raise KeystoreError(
                f"cannot read {path}: {error.strerror}. Restore it from this node's newest backup:"
                " `registry restore --help`"
            ) from error
        if stat.S_IMODE(mode) & 0o077:
            raise KeystoreError(f"{path} can be read by others; run: chmod 600 {path}")
        return data


def _sealed(master: bytes, passphrase: bytes) -> str:
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_stretched(passphrase, salt, _SCRYPT)).encrypt(nonce, master, _MASTER_PURPOSE)
    return json.dumps({"kdf": "scrypt", **_SCRYPT, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()})


def _opened(kept: dict[str, str | int], passphrase: bytes) -> bytes:
    costs = {name: int(kept[name]) for name in _SCRYPT}
    key = _stretched(passphrase, bytes.fromhex(str(kept["salt"])), costs)
    return AESGCM(key).decrypt(bytes.fromhex(str(kept["nonce"])), bytes.fromhex(str(kept["sealed"])), _MASTER_PURPOSE)


def _stretched(passphrase: bytes, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **costs).derive(passphrase)
