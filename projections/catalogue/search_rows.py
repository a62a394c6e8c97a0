"""Write what a batch changes in the searchable catalogue."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from psycopg import Connection

from projections.core.texts import LONGEST, in_one_language, plain, rules_of
from projections.queries import load_query
from registry.rules.stream import MemberState
from registry.wire.achievements import AchievementContent, AchievementRetired
from registry.wire.events import Event


class SearchRows:
    """A batch's changes of the searchable catalogue."""

    TYPES: ClassVar = frozenset({"achievement.published.v1", "achievement.revised.v1", "achievement.retired.v1"})

    def __init__(self, member: str) -> None:
        self._member = member
        self._affected: set[str] = set()
        self._versions: list[AchievementContent] = []

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:  # noqa: ARG002 - as all collectors
        """Add an effective event about an achievement."""
        data = event.data
        if isinstance(data, AchievementContent):
            self._affected.add(data.achievement)
            self._versions.append(data)
        elif isinstance(data, AchievementRetired):
            self._affected.add(data.achievement)

    def write(self, connection: Connection, states: MemberState) -> None:
        """Write the changes; `states` are the states after the batch."""
        if not self._affected:
            return
        if self._versions:
            self._add(connection)
        affected = sorted(self._affected)
        connection.execute(
            load_query("mark_achievements"),
            {
                "member": self._member,
                "achievements": affected,
                "versions": [states.achievements[achievement].version for achievement in affected],
                "retired": [states.achievements[achievement].retired for achievement in affected],
            },
        )

    def _add(self, connection: Connection) -> None:
        rules: list[str] = []
        weights: list[str] = []
        texts: list[str] = []
        of_rows: list[int] = []
        for number, content in enumerate(self._versions):
            room = LONGEST
            for weight, language, text in _texts(content):
                cut = plain(text)[:room]
                room -= len(cut)
                of_rows.append(number)
                rules.append(rules_of(language))
                weights.append(weight)
                texts.append(cut)
        connection.execute(
            load_query("add_achievement_search"),
            {
                "member": self._member,
                "achievements": [content.achievement for content in self._versions],
                "versions": [content.version for content in self._versions],
                "kinds": [content.kind for content in self._versions],
                # An array has one type, and credits are int or float.
                "ects": [None if content.ects is None else str(content.ects) for content in self._versions],
                "levels": [content.eqf_level for content in self._versions],
                # PostgreSQL has no arrays of arrays of different lengths.
                "fields": [_array(content.fields_of_education) for content in self._versions],
                "languages": [_array(content.language) for content in self._versions],
                "participation": [_array(content.participation) for content in self._versions],
                "credit_bearing": [content.credit_bearing for content in self._versions],
                "stackability": [content.stackability for content in self._versions],
                "titles": [plain(in_one_language(content.title))[:200] for content in self._versions],
                "of_rows": of_rows,
                "rules": rules,
                "weights": weights,
                "texts": texts,
            },
        )
        connection.execute(load_query("add_text_rules"), {"member": self._member, "rules": sorted(set(rules))})


def rebuild_text_rules(connection: Connection, member: str) -> None:
    """Replace a member's text rules by those of its achievements."""
    connection.execute("DELETE FROM text_rules WHERE member = %s", (member,))
    rules: set[str] = set()
    rows = connection.execute("SELECT content::text FROM achievement_versions WHERE member = %s", (member,))
    for (content,) in rows:
        achievement = msgspec.json.decode(content, type=AchievementContent)
        rules.update(rules_of(language) for _, language, _ in _texts(achievement))
    connection.execute(load_query("add_text_rules"), {"member": member, "rules": sorted(rules)})


def _texts(content: AchievementContent) -> list[tuple[str, str, str]]:
    """Return weight, language and text of all that a search looks at."""
    texts = [("A", language, text) for language, text in content.title.items()]
    for outcome in content.learning_outcomes:
        texts += [("B", language, text) for language, text in outcome.title.items()]
    texts += [("C", language, text) for language, text in (content.description or {}).items()]
    return texts


def _array(codes: Sequence[str]) -> str:
    """Return distinct codes, which need no quoting, as the text of a PostgreSQL array."""
    return "{" + ",".join(sorted(set(codes))) + "}"
