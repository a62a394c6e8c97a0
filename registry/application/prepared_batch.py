"""A batch that is ready to be stored."""

from typing import NamedTuple, Self
from uuid import UUID

from registry.application.records import KnownRecord
from registry.application.requests import Outcome
from registry.domain.credential import Credential
from registry.rules.achievements import Achievement as AchievementState
from registry.store.recorder import StoredEvent
from registry.vault.vault import KnownLearner
from registry.vault.vault_rows import VaultRows


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
    offered: dict[str, AchievementState]
    """Achievements that would be published by then. Only a trial has any."""

    @classmethod
    def empty(cls) -> Self:
        """Return a batch of no requests."""
        return cls([], [], VaultRows(), {}, {}, {}, {}, {})
