"""A batch that is ready to be stored."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol, Self
from uuid import UUID

from registry.application.records import KnownRecord
from registry.application.requests import Outcome
from registry.domain.credential import Credential
from registry.rules.achievements import Achievement as AchievementState
from registry.store.recorder import StoredEvent
from registry.vault.vault import KnownLearner
from registry.vault.vault_rows import VaultRows


class EarlierBatches(Protocol):
    """Facts that the next batch must know of those before it that are not stored."""

    @property
    def replaced(self) -> Mapping[str, Credential]:
        """The credentials that they replace."""
        ...

    @property
    def offered(self) -> Mapping[str, AchievementState]:
        """Achievements that would be published by then. Only a trial has any."""
        ...

    def find_records(self, keys: Iterable[bytes]) -> dict[bytes, KnownRecord]:
        """Return their credentials among these hashes of row ids."""
        ...

    def find_learners(self, students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return their learners among these hashes of numbers."""
        ...


class PreparedBatch(NamedTuple):
    """A batch that is ready to be stored, and what the next batch must know of it until it is."""

    outcomes: list[Outcome]
    """One for each request, in their order."""
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    """The versions at which the achievements were read."""
    records: dict[bytes, KnownRecord]
    """The credentials of the batch, by the hashes of their row ids."""
    learners: dict[bytes, KnownLearner]
    """The learners of these credentials, by the hashes of their numbers."""
    replaced: dict[str, Credential]

    @classmethod
    def empty(cls) -> Self:
        """Return a batch of no requests."""
        return cls([], [], VaultRows(), {}, {}, {}, {})

    @property
    def offered(self) -> Mapping[str, AchievementState]:
        """No achievements: a batch that is stored awards published ones alone."""
        return {}

    def find_records(self, keys: Iterable[bytes]) -> dict[bytes, KnownRecord]:
        """Return its credentials among these hashes of row ids."""
        return {key: self.records[key] for key in keys if key in self.records}

    def find_learners(self, students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return its learners among these hashes of numbers."""
        return {student: self.learners[student] for student in students if student in self.learners}
