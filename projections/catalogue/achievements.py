"""The catalogue of achievements: how a batch changes it, and how it is read."""

from typing import Any

import msgspec
from psycopg import Connection

from projections.core.contents import stored
from projections.core.copy import copy, line
from registry.rules.stream import MemberState
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.events import Event, data_of


class AchievementRows:
    """What a batch does to achievements and their co-awarding."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._touched: set[str] = set()
        self._retired: dict[str, int] = {}
        self._versions: list[str] = []
        self._joined: list[str] = []

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:
        """An event about an achievement took effect; `raw` is its line."""
        data = event.data
        if isinstance(data, AchievementJoined):
            ref = data.achievement
            self._joined.append(line((self._member, ref.member, ref.achievement, ref.version, leaf)))
            return
        self._touched.add(data.achievement)
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
                        stored(msgspec.json.encode(data.title)),
                        data.ects,
                        data.eqf_level,
                        data.fields_of_education,
                        data.awarding_bodies,
                        stored(data_of(raw)),
                    )
                )
            )

    def write(self, connection: Connection, things: MemberState) -> None:
        """Write the batch; `things` are the states that it left."""
        if self._touched:
            touched = sorted(self._touched)
            connection.execute(
                "INSERT INTO achievements (member, achievement, versions, retired, retired_by)"
                " SELECT %s, * FROM unnest(%s::uuid[], %s::int[], %s::bool[], %s::bigint[])"
                " ON CONFLICT (member, achievement) DO UPDATE SET versions = excluded.versions,"
                " retired = excluded.retired, retired_by = excluded.retired_by",
                (
                    self._member,
                    touched,
                    [things.achievements[achievement].version for achievement in touched],
                    [things.achievements[achievement].retired for achievement in touched],
                    # What is retired is touched by no later event.
                    [self._retired.get(achievement) for achievement in touched],
                ),
            )
        copy(
            connection,
            "achievement_versions",
            "member, achievement, version, leaf, kind, title, ects, eqf_level, fields, bodies, content",
            self._versions,
        )
        copy(connection, "joined", "member, of_member, achievement, version, leaf", self._joined)
