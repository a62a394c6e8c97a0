"""The values that a form adds to a draft that a document began. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

_WAITING: Final = re.compile(r"waiting\[([0-9a-f]{1,64})\]\.([a-z_]{1,40})")
_OWN: Final = frozenset({"awardingBodies", "achievement", "version"})
"""Fields that the node fills in when it publishes a draft."""


class WaitingLine(NamedTuple):
    """A credential that waits for a draft, as the form has it."""

    key: str
    """A keyed hash of its record: its fields stay its own when others are issued or arrive."""
    record: str | None
    missing: list[str]
    """Columns that are required before it can be issued."""


class TypedColumns(NamedTuple):
    """Columns that were typed for credentials that wait."""

    by_record: dict[str, dict[str, str]]
    unplaced: list[tuple[str, str]]
    """Columns with their text whose credential no longer waits, or no longer lacks them."""


def list_lacking(missing: Sequence[str]) -> list[str]:
    """Return the elements that Annex I requires and a draft lacks, each once."""
    return list(dict.fromkeys(name.removeprefix("achievement.") for name in missing))


def read_completions(typed: Mapping[str, Any], stored: Mapping[str, Any], questions: Collection[str]) -> dict[str, Any]:
    """Return the elements that differ from the draft, None for those taken away, and those that answer a question."""
    changed = {
        name: value
        for name, value in typed.items()
        if name not in _OWN and (stored.get(name) != value or name in questions)
    }
    removed = {
        name: None for name, value in stored.items() if name not in typed and name not in _OWN and value is not None
    }
    return changed | removed


def read_waiting(typed: Mapping[str, str], waiting: Sequence[WaitingLine]) -> TypedColumns:
    """Return the columns that were typed for credentials that wait."""
    lines = {line.key: line for line in waiting}
    columns = TypedColumns({}, [])
    for name, text in typed.items():
        match = _WAITING.fullmatch(name)
        if match is None or not text.strip():
            continue
        line = lines.get(match[1])
        if line is None or line.record is None or match[2] not in line.missing:
            columns.unplaced.append((match[2], text.strip()))
        else:
            columns.by_record.setdefault(line.record, {})[match[2]] = text.strip()
    return columns


def may_store(typed: Mapping[str, Any], stored: Mapping[str, Any], versions: tuple[str, str]) -> bool:
    """Return whether a form can be stored: its draft is as it was when the form was made, or says the same.

    `versions` are the version that the form carries and the one that is stored.
    """
    carried, newest = versions
    return carried == newest or not read_completions(typed, stored, ())


def name_outcome(issued: int, waiting: int, *, is_new: bool) -> str:
    """Return the code of what publishing a draft did; `is_new` is False if its achievement was published before."""
    if issued or waiting:
        return "draft-published" if is_new else "draft-issued"
    return "achievement-published" if is_new else "credential-unchanged"
