"""Which achievement an award of a document is of.

It is, in this order: the one that its course code stands for; the one that a draft made of the same document was
published as; one whose content is identical; the only one of the same title, ECTS and level; a new one, where Annex I
is complete; otherwise none.
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
    """To be published, where it is new."""
    draft: str | None = None
    """The draft that it was, or was until now."""
    meant: Collection[str] = ()
    """The fields of a new one whose texts are meant though they look broken."""
    problems: Sequence[Problem] = ()
    """Problems of the content that the document has of it."""

    def notes(self) -> list[str]:
        """Return what is doubtful in a new achievement."""
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

    def offered(self) -> list[Achievement]:
        """Return what can be issued, read once for a document, with what a dry run would have published."""
        if self._own is None:
            self._own = [one for one in self._registry.achievements.list_all() if not one.state.retired]
        return [*self._own, *self._pending.values()]

    def retry_read(self) -> None:
        """Look again at what is offered: something was published."""
        self._own = None

    def would_publish(self, content: AchievementContent) -> None:
        """Let what follows in a dry run find an achievement that would be published by then."""
        self._pending[content.achievement] = Achievement.publish(content)

    def pending(self, achievement: str) -> AchievementContent | None:
        """Return the content of an achievement that a dry run would have published; None for any other."""
        pending = self._pending.get(achievement)
        return None if pending is None else pending.content

    def achievement(self, achievement: str) -> Achievement:
        """Return one of our achievements, or one that a dry run would have published. Raises `UnknownAchievement`."""
        return self._pending.get(achievement) or self._registry.achievements.get(achievement)

    def match(self, award: Award, completions: Completions) -> Match | NoMatch:
        """Return the achievement that an award is of."""
        for code in award.codes:
            if (found := self._codes.find(code)) is not None:
                return Match(found.achievement, found.version, f"course code {code} stands for it")
        draft = self._drafts.of(award)
        if draft is not None and draft.achievement is not None:
            how = "a draft of the same document was published as it"
            return Match(draft.achievement, None, how, None, draft.draft)
        own = self.offered()
        content, problems = self._content(award, completions)
        if content is not None and (same := find_identical(own, content)) is not None:
            return Match(same, None, "its content is identical")
        alike = _alike(own, award, completions)
        if len(alike) == 1:
            return Match(alike[0], None, "it alone has the same title, ECTS and level", problems=problems)
        if len(alike) > 1:
            how = f"{len(alike)} achievements have the same title, ECTS and level; map its course code to one"
            return NoMatch(how, problems)
        if content is None or award.missing_credential(completions) or award.open_questions(completions, new=True):
            return NoMatch(problems=problems)
        identifier = draft.draft if draft is not None else None
        meant = award.repeated_texts(completions)
        return Match(content.achievement, None, "it is new", content, identifier, meant)

    def _content(self, award: Award, completions: Completions) -> tuple[AchievementContent | None, list[Problem]]:
        """Return the whole content; None where something is missing or wrong, and what is wrong."""
        publisher = self._registry.member
        if award.missing_achievement(completions, publisher):
            return None, []
        try:
            return award.content(random_id(), publisher, completions, self._registry.achievements.newest_version), []
        except FaultyContent as faulty:
            faults = [(f"achievement{path.removeprefix('$')}", detail) for path, detail in faulty.faults]
            return None, [Problem(award.path, field, "", detail) for field, detail in faults]


def find_identical(own: Sequence[Achievement], content: AchievementContent) -> str | None:
    """Return the id of the first achievement whose newest content is this one but for its id and version.

    What nobody sees in a text makes no difference.
    """
    return next((one.content.achievement for one in own if is_same_text(content, one.content)), None)


def _alike(own: Sequence[Achievement], award: Award, completions: Completions) -> list[str]:
    """Achievements of the same title in any language, the same ECTS and the same level. Without these, none."""
    values = award.completed("achievement", completions)
    titles = values.get("title") or {}
    ects, level = values.get("ects"), values.get("eqfLevel")
    if not isinstance(titles, dict) or ects is None or level is None:
        return []
    said = {_folded(text) for text in titles.values()}
    return [
        one.content.achievement
        for one in own
        if (one.content.ects, one.content.eqf_level) == (ects, level)
        and said & {_folded(text) for text in one.content.title.values()}
    ]


def _folded(text: object) -> str:
    return normalise_identifier(str(text)).casefold()
