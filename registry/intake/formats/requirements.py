"""Requirements of Annex I and of issuing, and the content and the request that an award's values become."""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from registry.application.achievement_content import NewestVersion, read_content
from registry.intake.formats.completions import ACHIEVEMENT_FIELDS, CREDENTIAL, ISSUER, NAMES, Values
from registry.intake.rows import parts
from registry.intake.rows.report import Problem
from registry.intake.rows.row_checker import CheckedRow, RowChecker
from registry.wire.achievements import AchievementContent

_NEEDED: Final = ("record", "student", "date_of_birth", "awarding_date")
_EMPTY: Final[tuple[Any, ...]] = (None, [], {}, "")


def missing_columns(values: Values) -> list[str]:
    """Return the columns that a credential still requires; one of a person's names is enough."""
    names = [] if any(values.get(name) for name in NAMES) else list(NAMES)
    return [name for name in CREDENTIAL if name in names or (name in _NEEDED and not values.get(name))]


def missing_fields(achievement: Values, publisher: str) -> list[str]:
    """Return the fields that Annex I still requires of an achievement's values."""
    values = {**achievement, **_own_fields("", publisher)}
    return [
        f"achievement.{name}"
        for name, required in ACHIEVEMENT_FIELDS.items()
        if required and values.get(name) in _EMPTY
    ]


def build_content(
    values: Values, identifier: str, publisher: str, newest: NewestVersion, keep_text: Collection[str]
) -> AchievementContent:
    """Return an achievement's first version. Raises `FaultyContent` with all that is missing or wrong.

    `keep_text` are the fields whose texts are right although they look broken.
    """
    return read_content({**values, **_own_fields(identifier, publisher)}, publisher, newest, keep_text)


def repeated_texts(read: Values, completed: Values, named: Collection[str]) -> set[str]:
    """Return the named fields whose text is the same as in the document."""
    return {name for name in named if name in read and completed.get(name) == read[name]}


def issuer_fault(values: Values, member: str, where: str) -> Problem | None:
    """Return the fault of the issuer that the completions name, or None.

    A document that is not clear about its issuer asks for it; this node issues as one university only.
    """
    named = values.get("issuer")
    if named in (None, member):
        return None
    detail = f"this node issues as {member} only; write {member}, or null; awards of another issuer are not issued here"
    return Problem(where, ISSUER, str(named)[:80], detail)


def request_credential(
    checker: RowChecker,
    values: Values,
    achievement: str,
    version: int | None,
    ects: object,
    where: str,
    named: Collection[str],
) -> CheckedRow:
    """Return a credential as a request for an achievement, or all that a row of a file would be refused for.

    `named` are the fields named beside the document: their text is right although it looks broken.
    """
    row = dict.fromkeys(NAMES, "") | {name: str(value) for name, value in values.items() if value is not None}
    row["achievement"] = achievement
    if version is not None:
        row["version"] = str(version)
    if ects is not None:
        row["ects"] = str(ects)
    row.pop("issuer", None)
    stated_parts = row.pop("parts", "")  # a programme may have more of them than a field of a table can hold
    checked = checker.check(0, row, keep_columns=named)
    if checked is None:
        detail = "is the record of the template's example; give it another"
        return CheckedRow((Problem(where, "record", row["record"], detail),))
    result, stacked = checked.result, parts.parse(stated_parts)
    wrong = []
    if isinstance(result, tuple):
        wrong = [msgspec.structs.replace(problem, where=where) for problem in result]
    if isinstance(stacked, str):
        wrong.append(Problem(where, "credential.parts", stated_parts[:80], stacked))
    if isinstance(result, tuple) or isinstance(stacked, str):
        return CheckedRow(tuple(wrong))
    return CheckedRow(msgspec.structs.replace(result, parts=stacked or None), checked.day)


def _own_fields(identifier: str, publisher: str) -> Values:
    return {"achievement": identifier or "-", "version": 1, "awardingBodies": [publisher]}
