"""Personal data: what the log never sees (docs/decisions/0004).

A learner is a random UUID. The university's own number leads to it through a keyed hash; names, birth dates
and disclosures are encrypted under the learner's own key, which is wrapped by the key of the learner's bucket
(`keys.py`). Erasing a learner deletes the wrapped key and replaces the key that wrapped it.
"""

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.vault.keys import KEY_BYTES, SHARED, KeyFiles, KeyReplaced, KeyRing, VaultError
from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures
from registry.wire.forms import check_uuid

__all__ = [
    "KEY_BYTES",
    "HiddenBasis",
    "KeyReplaced",
    "KnownLearner",
    "Learner",
    "LearnerGone",
    "OpenRing",
    "Vault",
    "VaultError",
    "VaultRows",
    "credentials_named",
    "format_array",
    "random_id",
    "retry_read",
    "write_person",
]  # fmt: skip

_NONCE_BYTES: Final = 12
_PREFIX: Final = struct.Struct(">HI")
"""What a value begins with: the bucket of the key that sealed it, and the key's generation."""
_NOBODY: Final = "-"
_NO_CIPHER: Final = AESGCM(bytes(32))
"""What is sealed with it is thrown away."""
T = TypeVar("T")


class LearnerGone(Exception):
    """A learner whose rows were to be written was erased or changed by somebody else just now."""


class Learner(msgspec.Struct, gc=False):
    """A learner whose key is at hand."""

    learner: str
    key: bytes
    cipher: AESGCM

    def __repr__(self) -> str:
        return f"Learner({self.learner})"  # a key is never shown


class KnownLearner(NamedTuple):
    """A learner, and the person as the vault has them."""

    learner: Learner
    person: dict[str, Any]
    """`familyName`, `givenName`, `dateOfBirth` and `student` where they are known, and `formerly` (persons.py)."""
    sealed: bytes = b""
    """The person as the vault's row has it, encrypted; empty for a learner who has no row yet."""

    def __repr__(self) -> str:
        return f"KnownLearner({self.learner!r})"  # a person is never shown by accident

    def without_key(self) -> "KnownLearner":
        """Return it with a key of nobody's, for what is never stored: a million of them take much less room."""
        return KnownLearner(Learner(self.learner.learner, b"", _NO_CIPHER), self.person)


class Vault:
    """Seals and opens; the rows are the caller's to write, in one transaction with what they belong to.

    May be shared by threads. Keys that another process replaced are read again from their files.
    """

    def __init__(self, keys: KeyFiles) -> None:
        """Nothing is read before a key is needed. Every use may raise `VaultError`, and what `keys` raises."""
        self.keys = keys
        self._opened: OpenRing | None = None

    def _ring(self) -> "OpenRing":
        """Return the keys in use now."""
        mark = self.keys.read_ring_mark()
        opened = self._opened
        if opened is None or opened.mark != mark:
            ring = self.keys.ring()
            if ring is None:
                raise VaultError(
                    "the vault's keys are of an older version; open the node's database once to convert them"
                )
            opened = self._opened = OpenRing(ring, mark)
        return opened

    @property
    def ring(self) -> KeyRing:
        """The keys in use now."""
        return self._ring().ring

    def hash_for_lookup(self, kind: str, value: str) -> bytes:
        """Return the keyed hash (32 bytes) under which a number or a row id is found again."""
        return _keyed(self._lookup(), f"{kind}\0{value}".encode())

    def digest(self, content: bytes) -> bytes:
        """Return a keyed hash of what was asked for, to tell the same from another."""
        return _keyed(self._lookup(), b"content\0" + content)

    def _lookup(self) -> bytes:
        # This key never changes: nothing has to be looked up for it but once.
        return (self._opened or self._ring()).ring.lookup

    def new_learner(self) -> Learner:
        """Return a learner with a fresh id and key."""
        return self.new_learner_with_id(random_id())

    def new_learner_with_id(self, learner: str) -> Learner:
        """Return a learner with an id that is given, and a fresh key."""
        key = AESGCM.generate_key(256)
        return Learner(learner, key, AESGCM(key))

    def wrap(self, learner: Learner) -> bytes:
        """Return the learner's key, sealed under the key of their bucket."""
        return self._ring().seal(bucket_of(learner.learner), learner.key, learner.learner, "key")

    def unwrap(self, learner: str, wrapped: bytes) -> Learner:
        """Return the learner from the wrapped key. Raises `VaultError`."""
        key = self._open_with(wrapped, learner, "key")
        return Learner(learner, key, AESGCM(key))

    def seal(self, learner: Learner, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value under the learner's key, for one purpose."""
        return seal_bytes(learner.cipher, msgspec.json.encode(value), learner.learner, purpose)

    def open(self, learner: Learner, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt. Raises `VaultError`."""
        return msgspec.json.decode(open_bytes(learner.cipher, sealed, learner.learner, purpose))

    def seal_own(self, purpose: str, value: Any, about: str | None = None) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt what is not under a learner's own key.

        `about` is the learner or the credential (a UUID) with whose erasure it goes: it is sealed under the key of that
        bucket, else under the shared key. Keys are replaced at erasures: each column with such values stands in
        `rewrapping.COLUMNS`.
        """
        bucket = SHARED if about is None else bucket_of(about)
        return self._ring().seal(bucket, msgspec.json.encode(value), _NOBODY, purpose)

    def open_own(self, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt what `seal_own` encrypted for that purpose. Raises `VaultError`."""
        return msgspec.json.decode(self._open_with(sealed, _NOBODY, purpose))

    def _open_with(self, sealed: bytes, learner: str, purpose: str) -> bytes:
        """Open with the keys at hand; where they lack the one that is needed, with those in the files."""
        if self._opened is not None:
            try:
                return self._opened.open(sealed, learner, purpose)
            except KeyReplaced:
                pass  # the keys at hand may be older than the value
        return self._ring().open(sealed, learner, purpose)

    def read_bases(self, cursor: Cursor[DictRow], decision: str) -> list[str]:
        """The disclosures that an own decision names by digest, in the order of its bases.

        Empty where it names none, all of them openly, or the learner was erased.
        """
        return retry_read(lambda: self._read_bases(cursor, decision))

    def _read_bases(self, cursor: Cursor[DictRow], decision: str) -> list[str]:
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

    def read_learner(self, cursor: Cursor[DictRow], learner: str) -> KnownLearner | None:
        """A learner by the id, and the person as the vault has them; None where there is none (any more)."""
        return retry_read(lambda: self._read_learner(cursor, learner))

    def _read_learner(self, cursor: Cursor[DictRow], learner: str) -> KnownLearner | None:
        row = cursor.execute("SELECT key, person FROM vault.learners WHERE learner = %s", (learner,)).fetchone()
        return None if row is None else self._known(learner, row)

    def _known(self, learner: str, row: DictRow) -> KnownLearner:
        found = self.unwrap(learner, row["key"])
        return KnownLearner(found, self.open(found, "person", row["person"]), row["person"])

    def find_learners(self, cursor: Cursor[DictRow], students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return the learners that are known by these hashed numbers: their number, or a further one of a merge."""
        sought = format_array(students)
        return retry_read(lambda: self._find_learners(cursor, sought))

    def _find_learners(self, cursor: Cursor[DictRow], students: str) -> dict[bytes, KnownLearner]:
        rows = cursor.execute(_BY_NUMBER, {"students": students}).fetchall()
        return {row["student"]: self._known(row["learner"], row) for row in rows}

    def read_disclosures(self, cursor: Cursor[DictRow], credential: str) -> list[str]:
        """The disclosures of a credential; empty where there are none, or none any more."""
        return retry_read(lambda: self._read_disclosures(cursor, credential))

    def _read_disclosures(self, cursor: Cursor[DictRow], credential: str) -> list[str]:
        row = cursor.execute(
            "SELECT l.learner::text, l.key, d.sealed FROM vault.records d JOIN vault.learners l USING (learner)"
            " WHERE d.credential = %s",
            (credential,),
        ).fetchone()
        if row is None:
            return []
        found: list[str] = self.open(self.unwrap(row["learner"], row["key"]), credential, row["sealed"])
        return found


class OpenRing:
    """Keys that are ready to seal and open."""

    def __init__(self, ring: KeyRing, mark: object = None) -> None:
        """`mark` is what the keys' files were like when they were read."""
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


class HiddenBasis:
    """What a decision's digests stand for: disclosures, sealed with the learner's key where it is made in a case.

    Else under the key of the bucket of the one credential that they name, or the shared key where they name several.
    """

    def __init__(self, vault: Vault, decision: str, disclosures: Sequence[str], learner: Learner | None = None) -> None:
        said = list(disclosures)
        self._row: tuple[str, bytes, str | None] = (
            (decision, vault.seal_own(decision, said, _credential_of(said)), None)
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
        self._known: dict[bytes, str] = {}
        self._records: list[str] = []
        self._record_ids: list[bytes] = []
        self._persons: dict[str, tuple[bytes, bytes]] = {}
        self._held: list[PrivateRow] = []

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._learners or self._records or self._persons or self._held)

    def learner(self, learner: str, student: bytes, wrapped: bytes, person: bytes) -> None:
        """A learner that was not known."""
        self._learners.append(f"{learner}\t{_hex(student)}\t{_hex(wrapped)}\t{_hex(person)}\n")

    def record(self, record: bytes, content: bytes, credential: str, learner: str, sealed: bytes) -> None:
        """The credential that a row became, and what it says of its learner."""
        self._records.append(f"{_hex(record)}\t{_hex(content)}\t{credential}\t{learner}\t{_hex(sealed)}\n")
        self._record_ids.append(record)

    def rests_on(self, student: bytes, learner: str) -> None:
        """Expect that this hashed number still leads to the learner when the rows are written."""
        self._known[student] = learner

    def person(self, learner: str, sealed: bytes, before: bytes) -> None:
        """Write what is known of a learner's person now, in the place of what was read before; both are encrypted."""
        self._persons[learner] = sealed, before

    def held(self, row: "PrivateRow") -> None:
        """Write a row that is held because of one of these learners, after them."""
        self._held.append(row)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them all.

        Raises `LearnerGone` where a number that they rest on leads to its learner no longer, or where somebody else
        changed a person that they change.
        """
        if self._known:
            rows = cursor.execute(_LED_TO, {"students": format_array(self._known)})
            if {row["student"]: row["learner"] for row in rows.fetchall()} != self._known:
                raise LearnerGone("a learner was erased, merged or given another number meanwhile; look again")
        _copy(cursor, "vault.learners (learner, student, key, person)", self._learners)
        _copy(cursor, "vault.records (record, content, credential, learner, sealed)", self._records)
        for learner, (sealed, before) in self._persons.items():
            write_person(cursor, learner, sealed, before)
        if self._record_ids:  # a row that was held and is issued now waits for nothing
            cursor.execute(
                "DELETE FROM vault.held_rows WHERE record = ANY(%s::bytea[])", (format_array(self._record_ids),)
            )
        for row in self._held:
            row.write(cursor)


class PrivateRow(Protocol):
    """A row of another table that belongs to the vault's."""

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it, in the caller's transaction."""
        ...


_BY_NUMBER: Final = """
SELECT student, learner::text, key, person FROM vault.learners WHERE student = ANY(%(students)s::bytea[])
UNION ALL
SELECT n.student, l.learner::text, l.key, l.person FROM vault.further_numbers n JOIN vault.learners l USING (learner)
WHERE n.student = ANY(%(students)s::bytea[])
"""
_LED_TO: Final = """
SELECT student, learner::text FROM vault.learners WHERE student = ANY(%(students)s::bytea[])
UNION ALL
SELECT student, learner::text FROM vault.further_numbers WHERE student = ANY(%(students)s::bytea[])
"""


def write_person(cursor: Cursor[DictRow], learner: str, sealed: bytes, before: bytes) -> None:
    """Write an encrypted person in the place of the one that was read. Raises `LearnerGone` where it is another now."""
    changed = cursor.execute(
        "UPDATE vault.learners SET person = %s WHERE learner = %s AND person = %s", (sealed, learner, before)
    )
    if changed.rowcount != 1:
        raise LearnerGone("somebody else changed or erased a learner meanwhile; look again")


def random_id() -> str:
    """A UUID of version 4 in text; several times faster than making a `uuid.UUID` of it first."""
    digits = os.urandom(16).hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"
    )


def format_array(values: Iterable[bytes]) -> str:
    """Hashes as a PostgreSQL array of bytea in one text."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"


def _copy(cursor: Cursor[DictRow], target: str, lines: Sequence[str]) -> None:
    if lines:
        with cursor.copy(f"COPY {target} FROM STDIN") as rows:
            rows.write("".join(lines))


def _hex(value: bytes) -> str:
    return "\\\\x" + value.hex()


def retry_read(read: Callable[[], T]) -> T:
    """Read; where a key was replaced between reading the row and opening it, read once more."""
    try:
        return read()
    except KeyReplaced:
        return read()


def _keyed(key: bytes, value: bytes) -> bytes:
    # Keyed BLAKE2 (RFC 7693) needs one pass where HMAC needs two, and three of these are made for a row.
    return blake2b(value, key=key, digest_size=32).digest()


def bucket_of(identifier: str) -> int:
    """Return the bucket of a learner's or a credential's id (a UUID in canonical form): its first byte."""
    return int(identifier[:2], 16)


def _credential_of(disclosures: Sequence[str]) -> str | None:
    """Return the id of the one credential that disclosures of bases name; None where they name none, or several."""
    named = {credential for one in disclosures for credential in credentials_named(one)}
    return named.pop() if len(named) == 1 else None


def credentials_named(text: str) -> set[str]:
    """Return the ids of the credentials that the disclosure of a decision's basis names."""
    try:
        about = open_disclosures(claims_digest([text]), [text]).get("credential")
    except InvalidDisclosure:
        return set()
    identifier = about.get("credential") if isinstance(about, dict) else None
    return {identifier} if isinstance(identifier, str) and check_uuid(identifier) is None else set()


def derive_key(master: bytes, purpose: bytes) -> bytes:
    """Return the key (32 bytes) that HKDF-SHA-256 makes of a secret for a purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"credential registry vault: " + purpose).derive(master)


def seal_bytes(cipher: AESGCM, value: bytes, learner: str, purpose: str) -> bytes:
    """Encrypt with AES-256-GCM: a random nonce, then the ciphertext, bound to a learner and a purpose."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, f"{learner} {purpose}".encode())


def open_bytes(cipher: AESGCM, sealed: bytes, learner: str, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` made. Raises `VaultError`."""
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{learner} {purpose}".encode())
    except InvalidTag as error:
        raise VaultError("a row of the vault does not open: another master key, or altered") from error
