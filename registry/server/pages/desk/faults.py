"""The faults of an import by kind and by row, from the problems of its rows. Pure."""

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from registry.batches.row_problem import RowProblem

_VALUE: Final = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?:[.,:/-]\d+)*")
"""The difference between two problems of one kind: quoted texts, ids, numbers and days."""
_KEY_LENGTH: Final = 10
_MAX_KINDS: Final = 100


class FaultKind(NamedTuple):
    """Problems that are alike but for the values that they name."""

    key: str
    """For addresses: a hash that tells nothing of the values."""
    field: str
    code: str
    detail: str
    """The text of the first of them."""
    rows: int


class FaultyRow(NamedTuple):
    """A row with all its problems."""

    line: int
    problems: list[RowProblem]

    @property
    def fields(self) -> set[str]:
        """The columns at fault."""
        return {problem.field for problem in self.problems}


def kind_key(problem: RowProblem) -> str:
    """Return the key of a problem's kind."""
    general = _VALUE.sub("…", problem.detail.partition("; ")[0])
    text = "\0".join((problem.field, problem.code, "" if problem.code else general))
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def list_kinds(problems: Iterable[RowProblem]) -> list[FaultKind]:
    """Return the kinds of these problems, the one with the most rows first, 100 at most."""
    first: dict[str, RowProblem] = {}
    lines: dict[str, set[int]] = {}
    for problem in problems:
        key = kind_key(problem)
        first.setdefault(key, problem)
        lines.setdefault(key, set()).add(problem.line)
    kinds = [
        FaultKind(key, problem.field, problem.code, problem.detail, len(lines[key])) for key, problem in first.items()
    ]
    return sorted(kinds, key=lambda kind: -kind.rows)[:_MAX_KINDS]


def list_rows(problems: Iterable[RowProblem], kind: str = "") -> list[FaultyRow]:
    """Return the rows with these problems in their order; with `kind` those that have one of it."""
    rows: dict[int, list[RowProblem]] = {}
    chosen: set[int] = set()
    for problem in problems:
        rows.setdefault(problem.line, []).append(problem)
        if not kind or kind_key(problem) == kind:
            chosen.add(problem.line)
    return [FaultyRow(line, rows[line]) for line in sorted(chosen)]


def without_lines(problems: Iterable[RowProblem], lines: Collection[int]) -> list[RowProblem]:
    """Return the problems of other lines than these."""
    return [problem for problem in problems if problem.line not in lines]
