"""The accreditation of a university for what it awarded, on the day of the award."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

Accredited = Literal["on-record", "not-then", "not-on-record"]


def judge_accreditation(
    accreditations: Sequence[Mapping[str, Any]], achievement: Mapping[str, Any], day: date
) -> Accredited:
    """Judge the accreditations that cover the level and the field, or name none, by the day of the award.

    Governance shows accreditations and refuses nothing for them: many universities need none for single courses.
    """
    covering = [entry for entry in accreditations if _covers(entry, achievement)]
    if not covering:
        return "not-on-record"
    return "on-record" if any(_holds_on(entry, day) for entry in covering) else "not-then"


def _covers(accreditation: Mapping[str, Any], achievement: Mapping[str, Any]) -> bool:
    levels, fields = accreditation.get("eqfLevels"), accreditation.get("fieldsOfEducation")
    codes = achievement.get("fieldsOfEducation", [])
    return (not levels or achievement.get("eqfLevel") in levels) and (
        not fields or any(code.startswith(tuple(fields)) for code in codes)
    )


def _holds_on(accreditation: Mapping[str, Any], day: date) -> bool:
    begins, ends = accreditation.get("validFrom"), accreditation.get("validUntil")
    return not (begins and date.fromisoformat(begins) > day) and not (ends and date.fromisoformat(ends) < day)
