"""The university's own achievements, as rows are held against them."""

from registry.application.registry import Registry
from registry.domain.errors import UnknownAchievement
from registry.intake.course_codes import CourseCodes


class Offered:
    """The university's own achievements, as rows are held against them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        """The ECTS of each version."""
        try:
            return self._registry.achievements.get(achievement).state.ects
        except UnknownAchievement:
            return None

    def retired(self, achievement: str) -> bool:
        """Whether it is no longer offered."""
        return self._registry.achievements.get(achievement).state.retired

    def course(self, code: str) -> tuple[str, int | None] | None:
        """What a course code of the university's own stands for."""
        found = CourseCodes(self._registry).find(code)
        return None if found is None else (found.achievement, found.version)
