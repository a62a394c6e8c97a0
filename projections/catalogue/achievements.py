"""Write what a batch changes in the catalogue of achievements."""

from typing import Any, ClassVar

import msgspec
from psycopg import Connection

from projections.core.contents import to_column
from projections.core.copy import copy, line
from registry.rules.stream import MemberState
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.events import Event, data_of


class AchievementRows:
    """A batch's changes of achievements and of their awarding bodies."""

    TYPES: ClassVar = frozenset(
        {"achievement.published.v1", "achievement.revised.v1", "achievement.retired.v1", "achievement.joined.v1"}
    )

    def __init__(self, member: str) -> None:
        self._member = member
        self._affected: set[str] = set()
        self._retired: dict[str, int] = {}
        self._versions: list[str] = []
        self._joined: list[str] = []

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:
        """Add an effective event about an achievement; `raw` is its line."""
        data = event.data
        if isinstance(data, AchievementJoined):
            ref = data.achievement
            self._joined.append(line((self._member, ref.member, ref.achievement, ref.version, leaf)))
            return
        self._affected.add(data.achievement)
        if isinstance(data, AchievementRetired):
            self._retired[data.achievement] = leaf
        if isinstance(data, AchievementContent):
            self._versions.append(
                line(
                    (
                        self._member,
                        data.achievement,
                        data.version,
                        leaf,
                        data.kind,
                        to_column(msgspec.json.encode(data.title)),
                        data.ects,
                        data.eqf_level,
                        data.fields_of_education,
                        data.awarding_bodies,
                        to_column(data_of(raw)),
                    )
                )
            )

    def write(self, connection: Connection, states: MemberState) -> None:
        """Write the changes; `states` are the states after the batch."""
        if self._affected:
            affected = sorted(self._affected)
            connection.execute(
                "INSERT INTO achievements (member, achievement, versions, retired, retired_by)"
                " SELECT %s, * FROM unnest(%s::uuid[], %s::int[], %s::bool[], %s::bigint[])"
                " ON CONFLICT (member, achievement) DO UPDATE SET versions = excluded.versions,"
                " retired = excluded.retired, retired_by = excluded.retired_by",
                (
                    self._member,
                    affected,
                    [states.achievements[achievement].version for achievement in affected],
                    [states.achievements[achievement].retired for achievement in affected],
                    # No later event affects a retired achievement.
                    [self._retired.get(achievement) for achievement in affected],
                ),
            )
        copy(
            connection,
            "achievement_versions",
            "member, achievement, version, leaf, kind, title, ects, eqf_level, fields, bodies, content",
            self._versions,
        )
        copy(connection, "joined", "member, of_member, achievement, version, leaf", self._joined)
