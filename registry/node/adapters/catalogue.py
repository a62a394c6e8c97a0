"""The university's own achievements and course codes, for checking rows."""

from registry.application.errors import UnknownAchievement
from registry.application.registry import Registry
from registry.intake.course_codes import CourseCodes


class OwnCatalogue:
    """`Catalogue` on the achievements and course codes of this university."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def member(self) -> str:
        """Return the university's name on the logs."""
        return self._registry.member

    def ects(self, achievement: str) -> tuple[int | float | None, ...] | None:
        """Return the ECTS credits of each version; None for an unknown achievement."""
        try:
            return self._registry.achievements.get(achievement).state.ects
        except UnknownAchievement:
            return None

    def is_retired(self, achievement: str) -> bool:
        """Return whether an achievement is no longer awarded."""
        return self._registry.achievements.get(achievement).state.retired

    def course(self, code: str) -> tuple[str, int | None] | None:
        """Return the achievement and version that a course code stands for; None for an unknown code."""
        mapping = CourseCodes(self._registry).find(code)
        return None if mapping is None else (mapping.achievement, mapping.version)
