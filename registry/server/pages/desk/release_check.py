"""The comparison before a release: counts against a year ago, and rows drawn by chance. Pure."""

import random
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, NamedTuple

from registry.batches.imports.content import Awards

DRAWN: Final = 5
"""Rows to compare with the university's own records."""
MAX_DRAWS: Final = 1000
_ALIKE: Final = (2 / 3, 3 / 2)
_FEW: Final = 10
"""Number below which twice as many say nothing."""
Comparison = Literal["alike", "more", "fewer", "new", "unknown"]


class AwardCheck(NamedTuple):
    """The awards of one achievement, against the same days a year ago."""

    awards: Awards
    ects: float | None
    earlier: int | None
    """Credentials of the same days a year ago; None where that is not known."""
    comparison: Comparison

    @property
    def is_one_day(self) -> bool:
        """True if all are awarded on one day."""
        return self.awards.first_day == self.awards.last_day


def year_before(day: str) -> date:
    """Return the same day a year before; of 29 February the 28th."""
    then = date.fromisoformat(day)
    try:
        return then.replace(year=then.year - 1)
    except ValueError:
        return then.replace(year=then.year - 1, day=28)


def compare(now: int, earlier: int | None) -> Comparison:
    """Return how a count is against that of a year ago."""
    if earlier is None:
        return "unknown"
    if not earlier:
        return "new"
    least, most = _ALIKE
    if max(now, earlier) < _FEW or least <= now / earlier <= most:
        return "alike"
    return "more" if now > earlier else "fewer"


def check_awards(
    awards: Iterable[Awards], ects: Mapping[tuple[str, int | None], float | None], earlier: Mapping[str, int] | None
) -> list[AwardCheck]:
    """Return the awards with their counts a year ago; `earlier` is None where the views are not there."""
    checks = []
    for each in awards:
        before = None if earlier is None else earlier.get(each.achievement, 0)
        checks.append(AwardCheck(each, ects.get((each.achievement, each.version)), before, compare(each.rows, before)))
    return checks


def draw_rows(batch: str, draw: int, count: int) -> list[int]:
    """Return the numbers (from 0) of five rows among `count`, the same for the same draw of a batch."""
    chance = random.Random(f"{batch} {draw}")  # noqa: S311 - a sample that a colleague can repeat, not a secret
    return sorted(chance.sample(range(count), min(DRAWN, count)))
