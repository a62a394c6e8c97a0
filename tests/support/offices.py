"""A university that decides, for tests of what is made from decisions."""

from typing import Any

from registry.wire.achievements import AchievementRetired
from registry.wire.forms import VersionedRef
from registry.wire.recognition import (
    AssessmentWithdrawn,
    Basis,
    Grant,
    Ground,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
    Towards,
)
from tests.support.streams import University, new_id

DIGEST = "A" * 43


def grounds_of(*codes: str) -> list[Ground] | None:
    return [Ground(*code.split(":")) for code in codes] or None


def grant(outcome: str = "full", *grounds: str, of: Any = (0,), towards: str | None = None, **more: Any) -> Grant:
    if outcome != "full" and not grounds:
        grounds = ("workload:substantiallyLess",)
    values = {"mode": "recognised", "grade_transfer": "none"} | more
    title = Towards(title={"en": towards}) if isinstance(towards, str) else towards
    return Grant(list(of), outcome, grounds=grounds_of(*grounds), towards=title, **values)


def decided(
    office: University,
    achievements: Any,
    *grants: Grant,
    purpose: str = "admission",
    effect: str = "binding",
    day: str = "2026-03-10",
    supersedes: str | None = None,
) -> tuple[str, bytes]:
    """A decision on achievements, each (member, id, version); its id and line."""
    bases = [Basis("onLog", achievement=VersionedRef(*a), credential_digest=DIGEST) for a in achievements]
    data = RecognitionDecided(new_id(), purpose, effect, bases, list(grants) or [grant()], day, supersedes)
    return data.decision, office.line("recognition.decided.v1", data.decision, data)


def withdrawn(office: University, decision: str) -> bytes:
    return office.line("recognition.withdrawn.v1", decision, RecognitionWithdrawn(decision, "onAppeal"))


def assessed(
    office: University, achievement: Any, outcome: str = "full", *grounds: str, **more: Any
) -> tuple[str, bytes]:
    if outcome != "full" and not grounds:
        grounds = ("workload:substantiallyLess",)
    values = {"purpose": "admission", "mode": "recognised", "effect": "binding"} | more
    data = RecognitionAssessed(
        new_id(), VersionedRef(*achievement), outcome=outcome, grounds=grounds_of(*grounds), **values
    )
    return data.assessment, office.line("recognition.assessed.v1", data.assessment, data)


def assessment_withdrawn(office: University, assessment: str) -> bytes:
    data = AssessmentWithdrawn(assessment, "administrative")
    return office.line("recognition.assessment.withdrawn.v1", assessment, data)


def retired(university: University, achievement: str) -> bytes:
    return university.line("achievement.retired.v1", achievement, AchievementRetired(achievement))
