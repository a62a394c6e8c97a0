"""Problems of rows as people read them: those of one kind in one line."""

import re
from collections.abc import Sequence
from typing import Final

from registry.cli.output import say
from registry.intake.rows.report import Problem
from registry.values.plural import plural

_SHOWN: Final = 25
"""Kinds of problems that are listed."""
_SHOWN_LINES: Final = 3
_PARTICULAR: Final = re.compile(r"'[^']*'|\d+|[0-9a-f]{8}-[0-9a-f-]{27}|known is .*")
"""The parts of a problem that belong to its own row: quoted texts, numbers, ids, two persons."""


def say_problems(problems: Sequence[Problem]) -> None:
    """Print problems of rows, the most frequent kind first."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.field, _PARTICULAR.sub("…", problem.detail)), []).append(problem)
    groups = sorted(kinds.values(), key=len, reverse=True)
    for group in groups[:_SHOWN]:
        say(_line(group), style="red")
    if len(groups) > _SHOWN:
        rest = sum(map(len, groups[_SHOWN:]))
        say(f"and {plural(rest, 'more problem')} of {len(groups) - _SHOWN:,} kinds; --json lists them all")


def _line(group: Sequence[Problem]) -> str:
    first = group[0]
    if len(group) == 1:
        value = f" {first.value!r}" if first.value else ""
        field = f": {first.field}{value}" if first.field or value else ""
        return f"{first.where}{field}: {first.detail}"
    places = [problem.where for problem in group[: _SHOWN_LINES if len(group) > _SHOWN_LINES + 1 else len(group)]]
    more = len(group) - len(places)
    if all(place.startswith("line ") for place in places):
        named = "lines " + ", ".join(place.removeprefix("line ") for place in places)
    else:
        named = ", ".join(places)
    rows = f"{named} and {more:,} more" if more else " and ".join(named.rsplit(", ", 1))
    detail = first.detail if len({problem.detail for problem in group}) == 1 else f"{first.detail} (the first of them)"
    return f"{len(group):,} rows: {first.field + ': ' if first.field else ''}{detail} ({rows})"
