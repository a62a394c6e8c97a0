"""Simulate an agreement over a past period, as if it had been in force, before anybody signs it.

The agreement's own dates are ignored. Only decisions of the office that asks are counted, so no count is too small to
be shown to it.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.errors import InvalidQuery
from projections.queries import load_query
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
    """ECTS that the agreement would grant."""
    credentials: int
    """Number of active credentials awarded within the period."""


class EqualDecisions(msgspec.Struct, frozen=True, rename="camel"):
    """Equal decisions: what the office granted, and what the agreement would have granted."""

    outcome: str
    ects: Decimal | None
    """ECTS that the office granted; null where the decision names no credits."""
    original: Decimal | None
    agreement_outcome: str
    agreement_ects: Decimal | None
    grounds: dict[str, int]
    count: int


class Simulation(msgspec.Struct, frozen=True, rename="camel"):
    """The result of an agreement over a period."""

    begin: date
    end: date
    achievements: int
    """Number of versions of achievements that it would cover."""
    covered: int
    """Number of active credentials, awarded within the period, that it would cover."""
    decided: int
    """Number of grants that the office decided within the period on these achievements, for the same purpose."""
    agree: int
    """Number of these that the agreement would have decided alike."""
    differ: int
    differing: list[EqualDecisions]
    """The most frequent first."""
    by_achievement: list[CoveredAchievement]
    """Those with the most credentials first, at most 200."""


def simulate(connection: Connection, office: str, draft: AgreementDeclared, begin: date, end: date) -> Simulation:
    """Simulate a draft agreement of `office` over a period, both ends included. Raises `InvalidQuery`."""
    if begin > end:
        raise InvalidQuery("end", "before begin")
    ratio = Decimal(str(draft.ects_ratio))
    parameters = _parameters_of(draft) | {"begin": begin, "end": end, "office": office}
    rows = connection.execute(load_query("simulated_credentials"), parameters, prepare=False).fetchall()
    covered = [
        CoveredAchievement(achievement, version, title, ects, _grant(ects, ratio), count)
        for achievement, version, title, ects, count in rows
    ]
    parameters |= {
        "achievements": [version.achievement for version in covered],
        "versions": [version.version for version in covered],
    }
    agree, differing = _compare_decisions(connection, draft, ratio, parameters)
    differ = sum(each.count for each in differing)
    return Simulation(
        begin,
        end,
        len(covered),
        sum(version.credentials for version in covered),
        agree + differ,
        agree,
        differ,
        differing,
        covered[:_LISTED],
    )


def _parameters_of(draft: AgreementDeclared) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "with": draft.with_,
        "include_revisions": draft.include_revisions,
        "purpose": draft.purpose,
        "achievements": None,
        "versions": None,
        "levels": None,
        "fields": None,
    }
    if isinstance(draft.achievements, AchievementFilter):
        return parameters | {"levels": draft.achievements.eqf_levels, "fields": draft.achievements.fields_of_education}
    return parameters | {
        "achievements": [ref.achievement for ref in draft.achievements],
        "versions": [ref.version for ref in draft.achievements],
    }


def _compare_decisions(
    connection: Connection, draft: AgreementDeclared, ratio: Decimal, parameters: dict[str, Any]
) -> tuple[int, list[EqualDecisions]]:
    agree = 0
    differing: dict[tuple[str, Decimal | None, Decimal | None], tuple[int, dict[str, int]]] = {}
    for outcome, ects, original, grounds, count in connection.execute(
        load_query("simulated_decisions"), parameters, prepare=False
    ):
        if outcome == draft.outcome and (ects is None or ects == _grant(original, ratio)):
            agree += count
            continue
        before, named_grounds = differing.get((outcome, ects, original), (0, {}))
        for ground in grounds:
            named_grounds[ground] = named_grounds.get(ground, 0) + count
        differing[outcome, ects, original] = before + count, named_grounds
    decisions = [
        EqualDecisions(
            outcome, ects, original, draft.outcome, _grant(original, ratio), dict(sorted(grounds.items())), count
        )
        for (outcome, ects, original), (count, grounds) in differing.items()
    ]
    return agree, sorted(decisions, key=lambda each: (-each.count, each.outcome, each.ects or 0, each.original or 0))


def _grant(original: Decimal | None, ratio: Decimal) -> Decimal | None:
    if original is None or ratio > _MOST or original > _MOST:
        return None
    return (original * ratio).quantize(_CENT, ROUND_HALF_UP).normalize()
