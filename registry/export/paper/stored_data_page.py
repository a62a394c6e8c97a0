"""The page of what is stored about a person, as data: sections with tables and lines, each of a bounded length."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from registry.export.paper.wording import PaperWording
from registry.letters.spans import Span, clean, own, plain

MAX_LISTED: Final = 500
"""Rows of one table, and lines of one list. The archive has all of them."""
MAX_CHARACTERS: Final = 2_000
"""Characters of one value; a longer one is cut, and ends with an ellipsis."""
_MAX_DEPTH: Final = 12


class Group(NamedTuple):
    """A part of a section: a heading, a table, a list of lines."""

    heading: Span | None = None
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Span]] = ()
    lines: Sequence[Span] = ()
    file: str = "export.json"
    """The file of the archive that has all of it."""


def show_group(group: Group, say: PaperWording) -> dict[str, Any]:
    """Return a group for the template, with a note where rows or lines are too many."""
    beyond = max(len(group.rows) - MAX_LISTED, len(group.lines) - MAX_LISTED)
    note = own(say("stored.more", count=say.number(beyond), file=group.file), say) if beyond > 0 else None
    return {
        "heading": group.heading,
        "head": list(group.head) if group.rows else None,
        "rows": [list(row) for row in group.rows[:MAX_LISTED]],
        "lines": list(group.lines[:MAX_LISTED]),
        "note": note,
    }


def value_span(value: object) -> Span:
    """Return any value as a text of people: cut where it is too long."""
    text = clean("" if value is None else str(value))
    return plain(text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…")


def say_moment(at: datetime | str, say: PaperWording) -> Span:
    """Return a moment as its day and its time (UTC)."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return own(f"{say.date(moment.date())}, {moment:%H:%M} UTC", say)


def say_day(day: date | str, say: PaperWording) -> Span:
    """Return a day as people write it."""
    return own(say.date(day), say)


def list_values(value: object) -> list[tuple[str, str]]:
    """Return the values of a nested value with their places, such as `row.values.record`; empty ones are left out."""
    return list(_walk(msgspec.to_builtins(value), "", 0))


def _walk(value: object, place: str, depth: int) -> Iterator[tuple[str, str]]:
    if value is None or value in ("", [], {}):
        return
    if depth > _MAX_DEPTH:
        yield place, "…"
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _walk(inner, f"{place}.{name}" if place else str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, 1):
            yield from _walk(inner, f"{place} {number}".strip(), depth + 1)
    else:
        yield place, str(value)


def value_rows(value: object) -> list[list[Span]]:
    """Return a nested value as rows of two cells: the place, and the value."""
    return [[plain(place), value_span(text)] for place, text in list_values(value)]
