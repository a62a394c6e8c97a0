"""The states of achievements while many credentials of them are issued."""

from collections.abc import Collection
from uuid import UUID

from registry.application.registry import Registry
from registry.domain.aggregate import uuid_of
from registry.rules.achievements import Achievement as AchievementState
from registry.wire.forms import check_uuid


class AchievementStates:
    """Remembers the states of achievements, and reads them again where they have changed. For one thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._states: dict[str, tuple[int, AchievementState]] = {}

    def read(self, achievements: Collection[str]) -> tuple[dict[str, AchievementState], dict[UUID, int]]:
        """Return the states of those that exist, and their aggregates' versions."""
        registry = self._registry
        ids = {text: uuid_of(text) for text in achievements if check_uuid(text) is None}
        with registry.recorder.datastore.get_connection() as connection, connection.cursor() as cursor:
            versions = registry.recorder.read_versions(cursor, list(ids.values()))
        states: dict[str, AchievementState] = {}
        expected: dict[UUID, int] = {}
        for text, identifier in ids.items():
            version = versions.get(identifier)
            if version is None:
                continue
            remembered = self._states.get(text)
            if remembered is None or remembered[0] != version:
                achievement = registry.achievements.get(text)
                remembered = self._states[text] = (achievement.version, achievement.state)
            expected[identifier], states[text] = remembered
        return states, expected
