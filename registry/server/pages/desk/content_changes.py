"""The changes that a new version of an achievement makes, line by line and by element. Pure."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final, Literal, NamedTuple

_GROUPS: Final[Mapping[str, str]] = {
    "kind": "kind",
    "learningSetting": "setting",
    "supervision": "supervision",
    "stackability": "stackability",
    "levelBasis": "level_basis",
    "participation": "participation",
    "assessments": "assessment",
}
"""Elements of codes, with the group of their words."""
_OUTSIDE: Final = ("achievement", "version")


class Line(NamedTuple):
    """A line of an element, as a person reads it."""

    text: str
    group: str = ""
    """The group of the vocabulary, where the text is a code."""
    language: str = ""
    """The language of the text, where it has one."""


class ChangedLine(NamedTuple):
    """A line, and whether the new version has it."""

    line: Line
    state: Literal["same", "removed", "added"]


class ElementChange(NamedTuple):
    """An element that differs, with all of its lines."""

    element: str
    lines: list[ChangedLine]


def list_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ElementChange]:
    """Return the elements in which two contents differ, in the order of the new one."""
    names = [name for name in dict.fromkeys([*after, *before]) if name not in _OUTSIDE]
    return [
        ElementChange(name, list(_compare(list(_lines(name, before)), list(_lines(name, after)))))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _compare(before: list[Line], after: list[Line]) -> Iterator[ChangedLine]:
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (ChangedLine(line, "same") for line in before[start:end])
            continue
        yield from (ChangedLine(line, "removed") for line in before[start:end])
        yield from (ChangedLine(line, "added") for line in after[new_start:new_end])


def _lines(name: str, content: Mapping[str, Any]) -> Iterator[Line]:
    value = content.get(name)
    if value is None:
        return
    if name in _GROUPS:
        yield from (Line(code, _GROUPS[name]) for code in (value if isinstance(value, list) else [value]))
    elif isinstance(value, bool):
        yield Line(str(value).lower(), "yes_or_no")
    elif isinstance(value, list):
        for item in value:
            yield from _item_lines(item)
    else:
        yield from _item_lines(value)


def _item_lines(item: Any) -> Iterator[Line]:  # noqa: ANN401 - any JSON
    """Yield a text in each of its languages, and any other value as one line."""
    if isinstance(item, dict) and _is_text(item):
        yield from (Line(text, language=language) for language, text in item.items())
    elif isinstance(item, dict):
        plain = [f"{name} {value}" for name, value in item.items() if not isinstance(value, dict | list)]
        if plain:
            yield Line(", ".join(plain))
        for name, value in item.items():
            if isinstance(value, dict):
                yield from _item_lines(value)
            elif isinstance(value, list):
                yield from (Line(f"{name} {_plain(each)}") for each in value)
    else:
        yield Line(_plain(item))


def _is_text(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(
        isinstance(text, str) and len(key.split("-")[0]) in (2, 3) for key, text in value.items()
    )


def _plain(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)
