"""What an agreement would have decided, before anybody signs it: held against a past period as if it had been in force.

Its own dates are left aside. What is counted as decided are the asking office's own decisions, so that no count is too
small to be shown to it.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.errors import InvalidQuery
from projections.queries import named
from registry.wire.recognition import AchievementFilter, AgreementDeclared

_LISTED: Final = 200
_CENT: Final = Decimal("0.01")
_MOST: Final = Decimal(10) ** 9


class CoveredAchievement(msgspec.Struct, frozen=True, rename="camel"):
    """One version of an achievement that the agreement would cover."""

    achievement: str
    version: int
    title: dict[str, str]
    ects: Decimal | None
    granted: Decimal | None
    """The ECTS that the agreement would grant."""
    credentials: int
    """Active ones awarded within the period."""


class Decided(msgspec.Struct, frozen=True, rename="camel"):
    """Decisions alike: what was granted, beside what the agreement would have granted."""

    outcome: str
    ects: Decimal | None
    """As the office granted; null where the decision names no credits."""
    original: Decimal | None
    agreement_outcome: str
    agreement_ects: Decimal | None
    grounds: dict[str, int]
    count: int


class Simulation(msgspec.Struct, frozen=True, rename="camel"):
    """What an agreement would have come to over a period."""

    begin: date
    end: date
    achievements: int
    """How many versions of achievements it would cover."""
    covered: int
    """How many active credentials that were awarded within the period."""
    decided: int
    """How many grants the office decided within the period on these achievements, for the agreement's purpose."""
    agree: int
    """Of these: as the agreement would have."""
    differ: int
    differing: list[Decided]
    """The most frequent first."""
    by_achievement: list[CoveredAchievement]
    """Those with the most credentials first, at most 200."""


def simulate(connection: Connection, office: str, draft: AgreementDeclared, begin: date, end: date) -> Simulation:
    """Hold a draft agreement of `office` against a period, both ends included. Raises `InvalidQuery`."""
    if begin > end:
        raise InvalidQuery("end", "before begin")
    ratio = Decimal(str(draft.ects_ratio))
    asked = _asked(draft) | {"begin": begin, "end": end, "office": office}
    found = connection.execute(named("simulated_credentials"), asked, prepare=False).fetchall()
    covered = [
        CoveredAchievement(achievement, version, title, ects, _granted(ects, ratio), count)
        for achievement, version, title, ects, count in found
    ]
    asked |= {"achievements": [one.achievement for one in covered], "versions": [one.version for one in covered]}
    agree, differing = _decided(connection, draft, ratio, asked)
    differ = sum(each.count for each in differing)
    return Simulation(
        begin,
        end,
        len(covered),
        sum(one.credentials for one in covered),
        agree + differ,
        agree,
        differ,
        differing,
        covered[:_LISTED],
    )


def _asked(draft: AgreementDeclared) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "with": draft.with_,
        "include_revisions": draft.include_revisions,
        "purpose": draft.purpose,
        "achievements": None,
        "versions": None,
        "levels": None,
        "fields": None,
    }
    if isinstance(draft.achievements, AchievementFilter):
        return asked | {"levels": draft.achievements.eqf_levels, "fields": draft.achievements.fields_of_education}
    return asked | {
        "achievements": [ref.achievement for ref in draft.achievements],
        "versions": [ref.version for ref in draft.achievements],
    }


def _decided(
    connection: Connection, draft: AgreementDeclared, ratio: Decimal, asked: dict[str, Any]
) -> tuple[int, list[Decided]]:
    agree = 0
    differing: dict[tuple[str, Decimal | None, Decimal | None], tuple[int, dict[str, int]]] = {}
    for outcome, ects, original, grounds, count in connection.execute(
        named("simulated_decisions"), asked, prepare=False
    ):
        if outcome == draft.outcome and (ects is None or ects == _granted(original, ratio)):
            agree += count
            continue
        before, named_grounds = differing.get((outcome, ects, original), (0, {}))
        for ground in grounds:
            named_grounds[ground] = named_grounds.get(ground, 0) + count
        differing[outcome, ects, original] = before + count, named_grounds
    found = [
        Decided(outcome, ects, original, draft.outcome, _granted(original, ratio), dict(sorted(grounds.items())), count)
        for (outcome, ects, original), (count, grounds) in differing.items()
    ]
    return agree, sorted(found, key=lambda one: (-one.count, one.outcome, one.ects or 0, one.original or 0))


def _granted(original: Decimal | None, ratio: Decimal) -> Decimal | None:
    if original is None or ratio > _MOST or original > _MOST:
        return None
    return (original * ratio).quantize(_CENT, ROUND_HALF_UP).normalize()
