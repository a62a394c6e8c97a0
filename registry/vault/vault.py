"""Personal data, which the log never has (docs/decisions/0004).

A learner is a random UUID. The university's own number leads to it through a keyed hash; names, birth dates
and disclosures are encrypted under the learner's own key, which is wrapped by the key of the learner's bucket
(`keys.py`). Erasing a learner deletes the wrapped key and replaces the key that wrapped it.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.vault.ciphers import OpenRing, bucket_of, hash_with_key, open_bytes, seal_bytes
from registry.vault.keys import SHARED, KeyFiles, KeyReplaced, KeyRing, VaultError
from registry.vault.openings import note_opening

_NO_LEARNER: Final = "-"
"""Stands for the learner in a value that is under no learner's key."""
_NO_CIPHER: Final = AESGCM(bytes(32))
"""For values that are thrown away."""
_BY_NUMBER: Final = """
SELECT student, learner::text, key, person FROM vault.learners WHERE student = ANY(%(students)s::bytea[])
UNION ALL
SELECT n.student, l.learner::text, l.key, l.person FROM vault.further_numbers n JOIN vault.learners l USING (learner)
WHERE n.student = ANY(%(students)s::bytea[])
"""
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

    @classmethod
    def without_key(cls, learner: str, person: dict[str, Any]) -> "KnownLearner":
        """Return a learner without the key, for a trial that stores nothing."""
        return cls(Learner(learner, b"", _NO_CIPHER), person)


class Vault:
    """Seals and opens. The caller writes the rows, in one transaction with the events that they belong to.

    May be shared by threads. Keys that another process replaced are read again from their files.
    """

    def __init__(self, keys: KeyFiles) -> None:
        """Nothing is read before a key is needed. Every use may raise `VaultError`, and what `keys` raises."""
        self.keys = keys
        self._opened: OpenRing | None = None

    def _ring(self) -> OpenRing:
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

    # Hashes

    def hash_for_lookup(self, kind: str, value: str) -> bytes:
        """Return the keyed hash (32 bytes) under which a number or a row id is looked up."""
        return hash_with_key(self._lookup_key(), f"{kind}\0{value}".encode())

    def digest(self, content: bytes) -> bytes:
        """Return a keyed hash of a content, which tells whether another one is the same."""
        return hash_with_key(self._lookup_key(), b"content\0" + content)

    def _lookup_key(self) -> bytes:
        # This key never changes, so the files are not looked at again.
        return (self._opened or self._ring()).ring.lookup

    # Learners and their keys

    def new_learner(self) -> Learner:
        """Return a learner with a fresh id and key."""
        return self.new_learner_with_id(random_id())

    def new_learner_with_id(self, learner: str) -> Learner:
        """Return a learner with this id and a fresh key."""
        key = AESGCM.generate_key(256)
        return Learner(learner, key, AESGCM(key))

    def wrap(self, learner: Learner) -> bytes:
        """Return the learner's key, sealed under the key of their bucket."""
        return self._ring().seal(bucket_of(learner.learner), learner.key, learner.learner, "key")

    def unwrap(self, learner: str, wrapped: bytes) -> Learner:
        """Return the learner from the wrapped key. Raises `VaultError`."""
        key = self._open_with(wrapped, learner, "key")
        note_opening(learner)
        return Learner(learner, key, AESGCM(key))

    # Values

    def seal(self, learner: Learner, purpose: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value under the learner's key, for one purpose."""
        return seal_bytes(learner.cipher, msgspec.json.encode(value), learner.learner, purpose)

    def open(self, learner: Learner, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt. Raises `VaultError`."""
        return msgspec.json.decode(open_bytes(learner.cipher, sealed, learner.learner, purpose))

    def seal_own(self, purpose: str, value: Any, about: str | None = None) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a value that is not under a learner's own key.

        `about` is the learner or the credential (a UUID) with whose erasure the value goes: it is sealed under the key
        of that bucket, else under the shared key. Erasures replace these keys: each column with such values is in
        `key_replacement.COLUMNS`.
        """
        bucket = SHARED if about is None else bucket_of(about)
        return self._ring().seal(bucket, msgspec.json.encode(value), _NO_LEARNER, purpose)

    def open_own(self, purpose: str, sealed: bytes) -> Any:  # noqa: ANN401 - as it was sealed
        """Decrypt what `seal_own` encrypted for that purpose. Raises `VaultError`."""
        return msgspec.json.decode(self._open_with(sealed, _NO_LEARNER, purpose))

    def _open_with(self, sealed: bytes, learner: str, purpose: str) -> bytes:
        """Open with the keys at hand; where they lack the one that is needed, with those in the files."""
        if self._opened is not None:
            try:
                return self._opened.open(sealed, learner, purpose)
            except KeyReplaced:
                pass  # the keys at hand may be older than the value
        return self._ring().open(sealed, learner, purpose)

    # Rows

    def read_learner(self, cursor: Cursor[DictRow], learner: str) -> KnownLearner | None:
        """Return the learner with this id, and the person as the vault has them; None if unknown or erased."""

        def read() -> KnownLearner | None:
            row = cursor.execute("SELECT key, person FROM vault.learners WHERE learner = %s", (learner,)).fetchone()
            return None if row is None else self._known_learner(learner, row)

        return retry_read(read)

    def list_learners(self, cursor: Cursor[DictRow]) -> list[KnownLearner]:
        """Return all learners, with the persons as the vault has them."""

        def read() -> list[KnownLearner]:
            rows = cursor.execute("SELECT learner::text, key, person FROM vault.learners ORDER BY learner").fetchall()
            return [self._known_learner(row["learner"], row) for row in rows]

        return retry_read(read)

    def find_learners(self, cursor: Cursor[DictRow], students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return the learners to whom these hashed numbers lead: their own, or one that a merge gave them."""
        numbers = format_array(students)

        def read() -> dict[bytes, KnownLearner]:
            rows = cursor.execute(_BY_NUMBER, {"students": numbers}).fetchall()
            return {row["student"]: self._known_learner(row["learner"], row) for row in rows}

        return retry_read(read)

    def _known_learner(self, identifier: str, row: DictRow) -> KnownLearner:
        learner = self.unwrap(identifier, row["key"])
        return KnownLearner(learner, self.open(learner, "person", row["person"]), row["person"])

    def read_disclosures(self, cursor: Cursor[DictRow], credential: str) -> list[str]:
        """Return the disclosures of a credential; empty if it has none, or none any more."""

        def read() -> list[str]:
            row = cursor.execute(
                "SELECT l.learner::text, l.key, d.sealed FROM vault.records d JOIN vault.learners l USING (learner)"
                " WHERE d.credential = %s",
                (credential,),
            ).fetchone()
            if row is None:
                return []
            disclosures: list[str] = self.open(self.unwrap(row["learner"], row["key"]), credential, row["sealed"])
            return disclosures

        return retry_read(read)

    def read_bases(self, cursor: Cursor[DictRow], decision: str) -> list[str]:
        """Return the disclosures that one of this office's decisions names by digest, in the order of its bases.

        Empty if it names none, or all of them openly, or its learner was erased.
        """

        def read() -> list[str]:
            row = cursor.execute(
                "SELECT d.sealed, d.learner::text, l.key FROM vault.decisions d"
                " LEFT JOIN vault.learners l USING (learner) WHERE d.decision = %s",
                (decision,),
            ).fetchone()
            if row is None or (row["learner"] is not None and row["key"] is None):
                return []
            value: str | list[str]
            if row["learner"] is None:
                value = self.open_own(decision, row["sealed"])
            else:
                value = self.open(self.unwrap(row["learner"], row["key"]), f"decision {decision}", row["sealed"])
            return [value] if isinstance(value, str) else value  # an earlier version stored one text alone

        return retry_read(read)


def retry_read(read: Callable[[], T]) -> T:
    """Read; where a key was replaced between reading the row and opening it, read once more."""
    try:
        return read()
    except KeyReplaced:
        return read()


def random_id() -> str:
    """Return a random UUID of version 4 as text; several times faster than by `uuid.UUID`."""
    digits = os.urandom(16).hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"
    )


def format_array(values: Iterable[bytes]) -> str:
    """Return hashes as the text of a PostgreSQL array of bytea."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
