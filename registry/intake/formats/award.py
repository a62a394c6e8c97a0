"""An award of a document: an achievement and a person's credential of it, with the statements that are unclear.

A value that a document states is either understood, asked about, or a reason to refuse. An award with open questions is
not issued before its importer names the field beside the document, with a value, or with null for none.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from registry.application.achievement_content import NewestVersion
from registry.intake.formats.completions import (
    ACHIEVEMENT_FIELDS,
    CREDENTIAL,
    Completions,
    Values,
    object_of,
    refuse_unknown,
)
from registry.intake.formats.requirements import (
    build_content,
    missing_columns,
    missing_fields,
    repeated_texts,
    request_credential,
)
from registry.intake.rows.report import IntakeError, Problem
from registry.intake.rows.row_checker import CheckedRow, RowChecker
from registry.wire.achievements import AchievementContent

_CHECKED_AGAINST_OWN: Final = ("achievement.ects", "achievement.eqfLevel")
"""Fields of the achievement that must be clear even where the university has published it: they are compared."""


class Oddity(msgspec.Struct, frozen=True):
    """A statement of a document that is unclear, or that forbids issuing."""

    where: str
    """Path in the document."""
    value: str
    """The value there; masked where it is about the person."""
    detail: str
    asks: str = ""
    """Field of the completions that settles it, for example `credential.valid_until`; empty where none does."""

    def problem(self) -> Problem:
        """Return it as a reason why an award is not issued, and what to do."""
        if not self.asks:
            return Problem(self.where, "", self.value, self.detail)
        return Problem(self.where, self.asks, self.value, f"{self.detail}; name {self.asks} beside it (null: none)")

    def note(self) -> str:
        """Return it as a note, which says where it does not matter for a published achievement."""
        if self.asks.startswith("achievement.") and self.asks not in _CHECKED_AGAINST_OWN:
            return f"{self.detail} (this matters only where the document becomes an achievement)"
        return self.detail


class Issuer(msgspec.Struct, frozen=True):
    """The issuer that a document names."""

    name: str = ""
    country: str = ""
    homepage: str = ""
    """Web address of the issuer, or its id if that is one; empty where there is none."""


class Award:
    """One achievement of a document, and a person's credential of it.

    Methods take the completions that its importer names beside the document.
    """

    def __init__(
        self, document: str, path: str, achievement: Values, credential: Values, codes: Sequence[str] = ()
    ) -> None:
        """`codes` are the university's own codes of the achievement, the likeliest first."""
        self.document = document
        self.path = path
        self.achievement = _drop_empty(achievement)
        self.credential = _drop_empty(credential)
        self.codes = list(dict.fromkeys(code for code in codes if code))
        self.number = 1
        """Place in the document, from 1."""
        self.repeated = 1
        """Place among awards of one achievement on one day, where the document has no ids."""
        self.issuer: Issuer | None = None
        """Set where it differs from the document's issuer."""
        self.parts: list[Award] = []
        """The awards of the same document that are parts of this one."""
        self.problems: list[Oddity] = []
        """Unclear statements in this award."""
        self.refusals: list[Oddity] = []
        """Reasons why it cannot be issued, which no completion resolves."""
        self.sources: dict[str, str] = {}
        """Path in the document of each field."""

    @property
    def title(self) -> str:
        """Title in English, or else in the first language; for people."""
        titles = self.achievement.get("title") or {}
        return str(titles.get("en") or next(iter(titles.values()), "")) or self.path

    def complete(self, part: str, completions: Completions) -> Values:
        """Return the values of a part with the completions. Raises `IntakeError` for an unknown field."""
        fields = ACHIEVEMENT_FIELDS if part == "achievement" else dict.fromkeys(CREDENTIAL, False)
        values = dict(self.achievement if part == "achievement" else self.credential)
        for completion in self._completions(completions):
            for name, value in object_of(completion, part).items():
                if name not in fields:
                    raise IntakeError(f"completions: {part}.{name} is not a field; they are {', '.join(fields)}")
                values[name] = value
        if part == "credential" and not values.get("record") and self.codes:
            # Without an id of its own, an award is identified by its achievement, learner and day.
            parts = [self.codes[0], values.get("student"), values.get("awarding_date")]
            if all(parts):
                values["record"] = "\n".join(map(str, parts)).replace("\n", " ")
                values["record"] += f" #{self.repeated}" if self.repeated > 1 else ""
        return values

    def _completions(self, completions: Completions) -> list[Mapping[str, Any]]:
        """Return the completions of all awards, then those of this one."""
        awards = object_of(completions, "awards")
        return [completions, *(object_of(awards, key) for key in (str(self.number), *self.codes))]

    def named_fields(self, part: str, completions: Completions) -> set[str]:
        """Return the fields of a part that are named beside the document, with a value or null."""
        return {name for completion in self._completions(completions) for name in object_of(completion, part)}

    def list_unanswered(self, part: str, completions: Completions) -> list[Oddity]:
        """Return the unclear statements of a part whose fields are not named beside the document."""
        return select_unanswered(self.problems, part, self.named_fields(part, completions))

    def open_questions(self, completions: Completions, *, new: bool) -> list[Oddity]:
        """Return the questions that must be answered before the award can be issued.

        `new`: its achievement would be published from the document; otherwise only those fields count that are compared
        with the university's own achievement.
        """
        questions = self.list_unanswered("achievement", completions)
        if not new:
            questions = [question for question in questions if question.asks in _CHECKED_AGAINST_OWN]
        return questions + self.list_unanswered("credential", completions)

    def missing(self, completions: Completions, publisher: str) -> list[str]:
        """Return the fields that Annex I or issuing still requires, as paths into the completions."""
        return self.missing_achievement(completions, publisher) + self.missing_credential(completions)

    def missing_achievement(self, completions: Completions, publisher: str) -> list[str]:
        """Return the fields of the achievement that Annex I still requires."""
        return missing_fields(self.complete("achievement", completions), publisher)

    def missing_credential(self, completions: Completions) -> list[str]:
        """Return the fields that issuing still requires."""
        return [f"credential.{name}" for name in missing_columns(self.complete("credential", completions))]

    def content(
        self, identifier: str, publisher: str, completions: Completions, newest: NewestVersion
    ) -> AchievementContent:
        """Return the achievement's first version. Raises `FaultyContent` with all that is missing or wrong."""
        values = self.complete("achievement", completions)
        return build_content(values, identifier, publisher, newest, self.repeated_texts(completions))

    def repeated_texts(self, completions: Completions) -> set[str]:
        """Return the fields of the achievement whose text the completions repeat: it is right although it looks broken.

        Any other text of the completions is checked as usual.
        """
        values = self.complete("achievement", completions)
        return repeated_texts(self.achievement, values, self.named_fields("achievement", completions))

    def request(
        self, checker: RowChecker, achievement: str, version: int | None, completions: Completions
    ) -> CheckedRow:
        """Return the credential as a request for that achievement, checked as a row of a file is."""
        ects = self.complete("achievement", completions).get("ects")
        values, named = self.complete("credential", completions), self.named_fields("credential", completions)
        return request_credential(checker, values, achievement, version, ects, self.path, named)


def select_unanswered(oddities: Sequence[Oddity], part: str, named: Collection[str]) -> list[Oddity]:
    """Return the oddities about fields of a part that are not named."""
    prefix = f"{part}."
    return [
        oddity
        for oddity in oddities
        if oddity.asks.startswith(prefix) and oddity.asks.removeprefix(prefix) not in named
    ]


def check_completions(completions: Completions, awards: Sequence[Award], left_out: Mapping[str, str]) -> list[str]:
    """Return a note on each award that the completions name and the document does not have: it has no effect.

    One file of completions may serve several documents. Raises `IntakeError` for what no document could use.
    """
    refuse_unknown(completions, ("achievement", "credential", "awards"), "completions")
    named, notes = object_of(completions, "awards"), []
    keys = {key for award in awards for key in (str(award.number), *award.codes)}
    for key in named:
        refuse_unknown(object_of(named, key), ("achievement", "credential"), f"completions: awards.{key}")
        if key in keys:
            continue
        why = left_out.get(key)
        notes.append(
            f"completions: awards.{key[:80]} was not used: "
            + (
                f"{why}, and is not issued"
                if why
                else f"no award of the document has that course code, nor that number (1 to {len(awards)})"
            )
        )
    return notes


def _drop_empty(values: Values) -> Values:
    return {name: value for name, value in values.items() if value not in (None, [], {})}
