"""Personal data: what the log never sees (DESIGN.md, Decision 4).

A learner is a random UUID. The university's own number leads to it through a keyed hash; names, birth dates
and disclosures are encrypted under the learner's own key, which is wrapped by the node's master key. Losing
a learner's key is what erasing means.
"""

import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import Cursor
from psycopg.rows import DictRow

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NOBODY: Final = "-"


class VaultError(Exception):
    """Personal data that cannot be read: a wrong master key, or a row that was altered."""


class Learner(msgspec.Struct, gc=False):
    """A learner whose key is at hand."""

    learner: str
    key: bytes
    cipher: AESGCM

    def __repr__(self) -> str:
        return f"Learner({self.learner})"  # a key is never shown


class Vault:
    """Seals and opens; the rows are the caller's to write, in one transaction with what they belong to."""

    def __init__(self, master: bytes) -> None:
        """`master` are the node's 32 secret bytes."""
        if len(master) != KEY_BYTES:
            raise VaultError(f"the master key has {len(master)} bytes, not {KEY_BYTES}")
        self._lookup = _derived(master, b"lookup")
        self._wrapping = AESGCM(_derived(master, b"wrapping"))

    def hashed(self, kind: str, value: str) -> bytes:
        """The keyed hash (32 bytes) under which a number or a row id is found again."""
        return _keyed(self._lookup, f"{kind}\0{value}".encode())

    def digest(self, content: bytes) -> bytes:
        """A keyed hash of what was asked for, to tell the same from another."""
        return _keyed(self._lookup, b"content\0" + content)

    def new_learner(self) -> Learner:
        """A learner with a fresh id and key."""
        return self.learner_named(random_id())

    def learner_named(self, learner: str) -> Learner:
        """A learner with an id that is given, and a fresh key."""
        key = AESGCM.generate_key(256)
        return Learner(learner, key, AESGCM(key))

    def wrap(self, learner: Learner) -> bytes:
        """The learner's key under the master key."""
        return _seal(self._wrapping, learner.key, learner.learner, "key")

    def unwrap(self, learner: str, wrapped: bytes) -> Learner:
        """The learner from the wrapped key. Raises `VaultError`."""
        key = _open(self._wrapping, wrapped, learner, "key")
        return Learner(learner, key, AESGCM(key))

    def seal(self, learner: Learner, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value under the learner's key, for one purpose."""
        return _seal(learner.cipher, msgspec.json.encode(value), learner.learner, purpose)

    def open(self, learner: Learner, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt. Raises `VaultError`."""
        return msgspec.json.decode(_open(learner.cipher, sealed, learner.learner, purpose))

    def seal_own(self, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt what belongs to no learner of this node's."""
        return _seal(self._wrapping, msgspec.json.encode(value), _NOBODY, purpose)

    def open_own(self, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt what `seal_own` encrypted for that purpose. Raises `VaultError`."""
        return msgspec.json.decode(_open(self._wrapping, sealed, _NOBODY, purpose))

    def bases(self, cursor: Cursor[DictRow], decision: str) -> list[str]:
        """The disclosures that an own decision names by digest, in the order of its bases.

        Empty where it names none, all of them openly, or the learner was erased.
        """
        row = cursor.execute(
            "SELECT d.sealed, d.learner::text, l.key FROM vault.decisions d LEFT JOIN vault.learners l USING (learner)"
            " WHERE d.decision = %s",
            (decision,),
        ).fetchone()
        if row is None or (row["learner"] is not None and row["key"] is None):
            return []
        if row["learner"] is None:
            found: str | list[str] = self.open_own(decision, row["sealed"])
        else:
            found = self.open(self.unwrap(row["learner"], row["key"]), f"decision {decision}", row["sealed"])
        return [found] if isinstance(found, str) else found

    def learner(self, cursor: Cursor[DictRow], learner: str) -> tuple[Learner, dict[str, str]] | None:
        """A learner by the id, and the person as the vault has them; None where there is none (any more)."""
        row = cursor.execute("SELECT key, person FROM vault.learners WHERE learner = %s", (learner,)).fetchone()
        if row is None:
            return None
        found = self.unwrap(learner, row["key"])
        return found, self.open(found, "person", row["person"])

    def find(self, cursor: Cursor[DictRow], students: Iterable[bytes]) -> dict[bytes, Learner]:
        """The learners that are known by these hashed numbers."""
        rows = cursor.execute(
            "SELECT student, learner::text, key FROM vault.learners WHERE student = ANY(%s::bytea[])",
            (array(students),),
        )
        return {row["student"]: self.unwrap(row["learner"], row["key"]) for row in rows}

    def disclosures(self, cursor: Cursor[DictRow], credential: str) -> list[str]:
        """The disclosures of a credential; empty where there are none, or none any more."""
        row = cursor.execute(
            "SELECT l.learner::text, l.key, d.sealed FROM vault.records d JOIN vault.learners l USING (learner)"
            " WHERE d.credential = %s",
            (credential,),
        ).fetchone()
        if row is None:
            return []
        found: list[str] = self.open(self.unwrap(row["learner"], row["key"]), credential, row["sealed"])
        return found


class HiddenBasis:
    """What a decision's digests stand for: disclosures, sealed with the learner's key, or else the node's own."""

    def __init__(self, vault: Vault, decision: str, disclosures: Sequence[str], learner: Learner | None = None) -> None:
        said = list(disclosures)
        self._row: tuple[str, bytes, str | None] = (
            (decision, vault.seal_own(decision, said), None)
            if learner is None
            else (decision, vault.seal(learner, f"decision {decision}", said), learner.learner)
        )

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        cursor.execute("INSERT INTO vault.decisions (decision, sealed, learner) VALUES (%s, %s, %s)", self._row)


class VaultRows:
    """New rows of the vault, written by COPY."""

    def __init__(self) -> None:
        self._learners: list[str] = []
        self._records: list[str] = []

    def learner(self, learner: str, student: bytes, wrapped: bytes, person: bytes) -> None:
        """A learner that was not known."""
        self._learners.append(f"{learner}\t{_hex(student)}\t{_hex(wrapped)}\t{_hex(person)}\n")

    def record(self, record: bytes, content: bytes, credential: str, learner: str, sealed: bytes) -> None:
        """The credential that a row became, and what it says of its learner."""
        self._records.append(f"{_hex(record)}\t{_hex(content)}\t{credential}\t{learner}\t{_hex(sealed)}\n")

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them all."""
        _copy(cursor, "vault.learners (learner, student, key, person)", self._learners)
        _copy(cursor, "vault.records (record, content, credential, learner, sealed)", self._records)


def random_id() -> str:
    """A UUID of version 4 in text; several times faster than making a `uuid.UUID` of it first."""
    digits = os.urandom(16).hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"
    )


def array(values: Iterable[bytes]) -> str:
    """Hashes as a PostgreSQL array of bytea in one text."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"


def _copy(cursor: Cursor[DictRow], target: str, lines: Sequence[str]) -> None:
    if lines:
        with cursor.copy(f"COPY {target} FROM STDIN") as rows:
            rows.write("".join(lines))


def _hex(value: bytes) -> str:
    return "\\\\x" + value.hex()


def _keyed(key: bytes, value: bytes) -> bytes:
    # Keyed BLAKE2 (RFC 7693) needs one pass where HMAC needs two, and three of these are made for a row.
    return blake2b(value, key=key, digest_size=32).digest()


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"credential registry vault: " + purpose).derive(master)


def _seal(cipher: AESGCM, value: bytes, learner: str, purpose: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, f"{learner} {purpose}".encode())


def _open(cipher: AESGCM, sealed: bytes, learner: str, purpose: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{learner} {purpose}".encode())
    except InvalidTag as error:
        raise VaultError("a row of the vault does not open: another master key, or altered") from error
