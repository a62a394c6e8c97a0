"""The values that a form adds to a draft that a document began. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from registry.api.drafts import WaitingRecord

_WAITING: Final = re.compile(r"waiting\[(\d{1,4})\]\.([a-z_]{1,40})")
_OWN: Final = frozenset({"awardingBodies", "achievement", "version"})
"""Fields that the node fills in when it publishes a draft."""


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


def read_waiting(typed: Mapping[str, str], waiting: Sequence[WaitingRecord]) -> dict[str, dict[str, str]]:
    """Return the columns that were typed for credentials that wait, by their record."""
    columns: dict[str, dict[str, str]] = {}
    for name, text in typed.items():
        match = _WAITING.fullmatch(name)
        if match is None or not text.strip() or int(match[1]) >= len(waiting):
            continue
        record = waiting[int(match[1])].record
        if record is not None:
            columns.setdefault(record, {})[match[2]] = text.strip()
    return columns
