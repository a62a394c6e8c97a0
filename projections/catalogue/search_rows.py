"""The catalogue as people search it: how a batch changes it, beside the achievements it is made from."""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Connection

from projections.core.texts import LONGEST, in_one_language, plain, rules_of
from projections.queries import named
from registry.rules.stream import MemberState
from registry.wire.achievements import AchievementContent, AchievementRetired
from registry.wire.events import Event


class SearchRows:
    """What a batch does to the searched catalogue."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._touched: set[str] = set()
        self._versions: list[AchievementContent] = []

    def take(self, event: Event[Any]) -> None:
        """An event about an achievement took effect."""
        data = event.data
        if isinstance(data, AchievementContent):
            self._touched.add(data.achievement)
            self._versions.append(data)
        elif isinstance(data, AchievementRetired):
            self._touched.add(data.achievement)

    def write(self, connection: Connection, things: MemberState) -> None:
        """Write the batch; `things` are the states that it left."""
        if not self._touched:
            return
        if self._versions:
            self._add(connection)
        touched = sorted(self._touched)
        connection.execute(
            named("mark_achievements"),
            {
                "member": self._member,
                "achievements": touched,
                "versions": [things.achievements[achievement].version for achievement in touched],
                "retired": [things.achievements[achievement].retired for achievement in touched],
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
            named("add_achievement_search"),
            {
                "member": self._member,
                "achievements": [content.achievement for content in self._versions],
                "versions": [content.version for content in self._versions],
                "kinds": [content.kind for content in self._versions],
                # An array is of one type, and credits come as int and as float.
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
        connection.execute(named("add_text_rules"), {"member": self._member, "rules": sorted(set(rules))})


def rules_anew(connection: Connection, member: str) -> None:
    """Make a member's text rules from its achievements, whatever they were."""
    connection.execute("DELETE FROM text_rules WHERE member = %s", (member,))
    rules: set[str] = set()
    rows = connection.execute("SELECT content::text FROM achievement_versions WHERE member = %s", (member,))
    for (content,) in rows:
        found = msgspec.json.decode(content, type=AchievementContent)
        rules.update(rules_of(language) for _, language, _ in _texts(found))
    connection.execute(named("add_text_rules"), {"member": member, "rules": sorted(rules)})


def _texts(content: AchievementContent) -> list[tuple[str, str, str]]:
    """Weight, language and text of all that is searched."""
    found = [("A", language, text) for language, text in content.title.items()]
    for outcome in content.learning_outcomes:
        found += [("B", language, text) for language, text in outcome.title.items()]
    found += [("C", language, text) for language, text in (content.description or {}).items()]
    return found


def _array(codes: Sequence[str]) -> str:
    """Distinct codes (which need no quoting) as a PostgreSQL array in one text."""
    return "{" + ",".join(sorted(set(codes))) + "}"
