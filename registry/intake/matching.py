"""Matching of a document's award with an achievement of the university.

The match is the first of these: the achievement of its course code; the achievement as which a draft of the same
document was published; one with identical content; the only one with the same title, ECTS and level; a new one if
Annex I is complete; otherwise none.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from registry.application.achievement_content import FaultyContent
from registry.application.achievement_texts import find_content_notes, is_same_text
from registry.application.registry import Registry
from registry.domain.achievement import Achievement
from registry.intake.course_codes import CourseCodes
from registry.intake.drafts import Drafts
from registry.intake.formats.award import Award
from registry.intake.formats.completions import Completions
from registry.intake.rows.report import Problem
from registry.values.persons import normalise_identifier
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent


class Match(NamedTuple):
    """The achievement of an award, and how it was found."""

    achievement: str
    version: int | None
    """None: the newest."""
    how: str
    content: AchievementContent | None = None
    """Content to be published, if it is new."""
    draft: str | None = None
    """Id of its draft, if it has or had one."""
    keep_text: Collection[str] = ()
    """Fields of a new achievement whose texts are right although they look broken."""
    problems: Sequence[Problem] = ()
    """Problems of the content that the document states."""

    def list_notes(self) -> list[str]:
        """Return notes on doubtful values of a new achievement."""
        return [] if self.content is None else [f"{path} {detail}" for path, detail in find_content_notes(self.content)]


class NoMatch(NamedTuple):
    """No achievement, and why."""

    how: str = ""
    problems: Sequence[Problem] = ()


class Matcher:
    """Finds the achievements of one university's documents. For one thread."""

    def __init__(self, registry: Registry, drafts: Drafts) -> None:
        self._registry = registry
        self._codes = CourseCodes(registry)
        self._drafts = drafts
        self._own: list[Achievement] | None = None
        self._pending: dict[str, Achievement] = {}

    def list_offered(self) -> list[Achievement]:
        """Return the achievements that can be awarded, with those that a dry run would have published."""
        if self._own is None:
            self._own = [
                achievement for achievement in self._registry.achievements.list_all() if not achievement.state.retired
            ]
        return [*self._own, *self._pending.values()]

    def forget_offered(self) -> None:
        """Read the achievements again at the next use, because one was published."""
        self._own = None

    def add_pending(self, content: AchievementContent) -> None:
        """Let later awards of a dry run find an achievement that would be published by then."""
        self._pending[content.achievement] = Achievement.publish(content)

    def pending_content(self, achievement: str) -> AchievementContent | None:
        """Return the content of an achievement that a dry run would have published; None for any other."""
        pending = self._pending.get(achievement)
        return None if pending is None else pending.content

    def get_achievement(self, achievement: str) -> Achievement:
        """Return one of the university's achievements, or of a dry run's pending ones. Raises `UnknownAchievement`."""
        return self._pending.get(achievement) or self._registry.achievements.get(achievement)

    def match(self, award: Award, completions: Completions) -> Match | NoMatch:
        """Return the achievement that an award is of."""
        for code in award.codes:
            if (mapping := self._codes.find(code)) is not None:
                return Match(mapping.achievement, mapping.version, f"course code {code} stands for it")
        draft = self._drafts.find(award)
        if draft is not None and draft.achievement is not None:
            how = "a draft of the same document was published as it"
            return Match(draft.achievement, None, how, None, draft.draft)
        own = self.list_offered()
        content, problems = self._build_content(award, completions)
        if content is not None and (same := find_identical(own, content)) is not None:
            return Match(same, None, "its content is identical")
        alike = _find_alike(own, award, completions)
        if len(alike) == 1:
            return Match(alike[0], None, "it alone has the same title, ECTS and level", problems=problems)
        if len(alike) > 1:
            how = f"{len(alike)} achievements have the same title, ECTS and level; map its course code to one"
            return NoMatch(how, problems)
        if content is None or award.missing_credential(completions) or award.open_questions(completions, new=True):
            return NoMatch(problems=problems)
        identifier = draft.draft if draft is not None else None
        keep_text = award.repeated_texts(completions)
        return Match(content.achievement, None, "it is new", content, identifier, keep_text)

    def _build_content(self, award: Award, completions: Completions) -> tuple[AchievementContent | None, list[Problem]]:
        """Return the complete content and no problems, or None and its problems."""
        publisher = self._registry.member
        if award.missing_achievement(completions, publisher):
            return None, []
        try:
            return award.content(random_id(), publisher, completions, self._registry.achievements.newest_version), []
        except FaultyContent as faulty:
            faults = [(f"achievement{path.removeprefix('$')}", detail) for path, detail in faulty.faults]
            return None, [Problem(award.path, field, "", detail) for field, detail in faults]


def find_identical(own: Sequence[Achievement], content: AchievementContent) -> str | None:
    """Return the id of the first achievement whose newest content is the same, without id and version.

    Invisible characters of a text make no difference.
    """
    return next(
        (achievement.content.achievement for achievement in own if is_same_text(content, achievement.content)), None
    )


def _find_alike(own: Sequence[Achievement], award: Award, completions: Completions) -> list[str]:
    """Return the achievements with the same title in any language, ECTS and level; none if the award lacks one."""
    values = award.complete("achievement", completions)
    titles = values.get("title") or {}
    ects, level = values.get("ects"), values.get("eqfLevel")
    if not isinstance(titles, dict) or ects is None or level is None:
        return []
    texts = {_fold(text) for text in titles.values()}
    return [
        achievement.content.achievement
        for achievement in own
        if (achievement.content.ects, achievement.content.eqf_level) == (ects, level)
        and texts & {_fold(text) for text in achievement.content.title.values()}
    ]


def _fold(text: object) -> str:
    return normalise_identifier(str(text)).casefold()
