"""The vault's keys, which are replaced when a learner is erased.

Learners are spread over 256 buckets by the first byte of their id. Each bucket has a key that wraps the keys of its
learners, and seals values about one of them or about a credential of that bucket. One more key, the shared one, seals
the rest. When a learner is erased, the keys of the buckets concerned and the shared key are replaced, all that they
protect is sealed again, and the old keys are destroyed: then nothing decrypts the values on old database pages, in
write-ahead logs and in copies of the database any more. With one key for all learners, each erasure would have to seal
every learner's key again.

Every key has a generation, a number that grows with each replacement. A sealed value begins with the bucket
and the generation of its key.
"""

from collections.abc import Sequence
from typing import Final, Protocol, Self

import msgspec

KEY_BYTES: Final = 32
SHARED: Final = 256
"""The bucket of the shared key."""
_BUCKETS: Final = 257


class VaultError(Exception):
    """Personal data that cannot be read: a wrong key, a destroyed key, or a row that was altered."""


class KeyReplaced(VaultError):
    """The key that sealed a value was replaced: read the value again."""


class KeyRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of a vault at one moment."""

    lookup: bytes
    """The key of the hashes under which student numbers and row ids are found. It never changes."""
    generation: int
    """The newest generation in use. Keys of a later one belong to an unfinished replacement."""
    buckets: tuple[dict[int, bytes], ...]
    """The keys of each bucket by generation: one each, and two during a replacement."""

    @classmethod
    def create(cls, random: "RandomBytes", lookup: bytes | None = None) -> Self:
        """Return a ring of fresh keys; with `lookup`, hashes stay as they were."""
        fresh = tuple({1: random(KEY_BYTES)} for _ in range(_BUCKETS))
        return cls(lookup or random(KEY_BYTES), 1, fresh)

    def current(self, bucket: int) -> tuple[int, bytes]:
        """Return the generation and the key that seal new values of a bucket."""
        generation = max((g for g in self.buckets[bucket] if g <= self.generation), default=None)
        if generation is None:
            raise VaultError(f"the vault's keys hold none for bucket {bucket}; restore them from a backup")
        return generation, self.buckets[bucket][generation]

    def with_replacements(self, buckets: set[int], random: "RandomBytes") -> Self:
        """Return a ring that also has the next generation's keys of these buckets, not in use yet."""
        following = self.generation + 1
        added = tuple(
            {**keys, following: random(KEY_BYTES)} if bucket in buckets else keys
            for bucket, keys in enumerate(self.buckets)
        )
        return type(self)(self.lookup, self.generation, added)

    def with_generations(self, generations: Sequence[int]) -> Self:
        """Return a ring with the keys of these generations only, one for each bucket.

        Raises `VaultError` if one is missing: the database and the keys are not of the same moment.
        """
        if len(generations) != len(self.buckets):
            raise VaultError(f"the database has {len(generations)} generations of keys, not {len(self.buckets)}")
        selected = []
        for keys, generation in zip(self.buckets, generations, strict=True):
            if generation not in keys:
                older = "database is older than the vault's keys" if generation < min(keys) else (
                    "vault's keys are older than the database"
                )  # fmt: skip
                raise VaultError(
                    f"the {older}: one of them was copied before a learner was erased, and the keys were replaced then."
                    " Restore both from one backup: registry node restore FILE"
                )
            selected.append({generation: keys[generation]})
        return type(self)(self.lookup, max(generations), tuple(selected))

    def __repr__(self) -> str:
        return f"KeyRing(generation {self.generation})"  # keys are never shown


class RandomBytes(Protocol):
    """A source of random bytes, for example `os.urandom`."""

    def __call__(self, size: int, /) -> bytes:
        """Return `size` random bytes."""
        ...


class KeyFiles(Protocol):
    """A store of a vault's keys. `registry.keys.keystore.Keystore` has them on the disk."""

    def ring(self) -> KeyRing | None:
        """Return the keys that are stored now; None if an older version made a master key only."""
        ...

    def write_ring(self, ring: KeyRing) -> None:
        """Store the keys durably, and destroy those before."""
        ...

    def read_ring_mark(self) -> object:
        """Return a value that differs whenever other keys were stored meanwhile. It is cheap to read."""
        ...

    def master(self) -> bytes:
        """Return the 32 bytes of the master key."""
        ...


class MemoryKeys:
    """Keys that are lost with the process: for tests and measurements."""

    def __init__(self, random: RandomBytes, master: bytes = bytes(KEY_BYTES)) -> None:
        """`master` is used only for a database of an older version."""
        self._ring: KeyRing | None = KeyRing.create(random)
        self._master = master

    def ring(self) -> KeyRing | None:
        """Return the keys."""
        return self._ring

    def write_ring(self, ring: KeyRing) -> None:
        """Replace the keys."""
        self._ring = ring

    def read_ring_mark(self) -> object:
        """Return the identity of the ring object."""
        return id(self._ring)

    def master(self) -> bytes:
        """Return the master key."""
        return self._master
