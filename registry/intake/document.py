"""What all documents share: the awards that they hold, what was odd, what was not used, and what is still wanted.

A document holds achievements and a person's credentials of them. What it says in a way that has no certain meaning
is reported and not guessed; what nothing was made of is listed by its path; what Annex I still wants is asked for by
name, and given beside the document.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from registry.domain.achievement import blank
from registry.intake.columns import RowChecker
from registry.intake.report import IntakeError, Problem
from registry.requests import IssueRequest
from registry.wire.achievements import AchievementContent
from registry.wire.misfits import told

Values = dict[str, Any]
Completions = Mapping[str, Any]
"""What is given beside a document: `achievement` and `credential`, for all of its awards; `awards`, by an award's
number (from 1) or course code, for one."""

CREDENTIAL: Final = (
    "record", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "valid_until", "grade",
    "original_grade", "national_id", "note", "replaces", "valid_from",
)  # fmt: skip
_NEEDED: Final = CREDENTIAL[:6]
_FIELDS: Final = {field.encode_name: field.required for field in msgspec.structs.fields(AchievementContent)}


class External(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that somebody else issued, as its document states it. Nothing of it has been verified."""

    format: str
    issuer_name: str
    """Empty where the document does not say; so are `country` and `title`."""
    country: str
    """ISO 3166-1 alpha-2."""
    title: dict[str, str]
    """By language; `und` where the document names none."""
    ects: int | float | None
    eqf_level: int | None
    workload_hours: int | float | None
    learning_outcomes: list[dict[str, str]]
    fields_of_education: list[str]
    awarding_date: str | None
    grade: str | None
    family_name: str | None
    given_name: str | None
    date_of_birth: str | None
    signed: bool
    """Whether it carries a signature or proof, which was not checked."""


class Issuer(msgspec.Struct):
    """Who issued a document, by its own word."""

    name: str = ""
    country: str = ""


class Award:
    """One achievement of a document, and a person's credential of it."""

    def __init__(
        self, document: str, path: str, achievement: Values, credential: Values, codes: Sequence[str] = ()
    ) -> None:
        """`codes` are what the university itself calls the achievement, the likeliest first."""
        self.document = document
        self.path = path
        self.achievement = _said(achievement)
        self.credential = _said(credential)
        self.codes = list(dict.fromkeys(code for code in codes if code))
        self.number = 1
        """Its place in the document, from 1."""
        self.problems: list[Problem] = []
        """What was odd in this award."""

    @property
    def title(self) -> str:
        """In English, or else in the first language there is; for people."""
        titles = self.achievement.get("title") or {}
        return str(titles.get("en") or next(iter(titles.values()), "")) or self.path

    def completed(self, part: str, completions: Completions) -> Values:
        """What is read of a part, with what is given beside it. Raises `IntakeError` for what is no field of it."""
        known = _FIELDS if part == "achievement" else dict.fromkeys(CREDENTIAL, False)
        values = dict(self.achievement if part == "achievement" else self.credential)
        awards = _object(completions, "awards")
        for given in (completions, *(_object(awards, key) for key in (str(self.number), *self.codes))):
            for name, value in _object(given, part).items():
                if name not in known:
                    raise IntakeError(f"completions: {part}.{name} is no field; they are {', '.join(known)}")
                values[name] = value
        if part == "credential" and not values.get("record") and self.codes:
            # Without an id of its own an award is known by what, who and when: the same again is the same record.
            parts = [self.codes[0], values.get("student"), values.get("awarding_date")]
            if all(parts):
                values["record"] = "\n".join(map(str, parts)).replace("\n", " ")
        return values

    def missing(self, completions: Completions, publisher: str) -> list[str]:
        """What Annex I, or issuing, still wants, as paths into the completions."""
        return self.missing_achievement(completions, publisher) + self.missing_credential(completions)

    def missing_achievement(self, completions: Completions, publisher: str) -> list[str]:
        """What Annex I still wants of the achievement."""
        return wanted(self.completed("achievement", completions), publisher)

    def missing_credential(self, completions: Completions) -> list[str]:
        """What issuing still wants."""
        values = self.completed("credential", completions)
        return [f"credential.{name}" for name in _NEEDED if not values.get(name)]

    def content(self, identifier: str, publisher: str, completions: Completions) -> AchievementContent:
        """The achievement's first version. Raises `IntakeError` where something is missing or wrong."""
        return content(self.completed("achievement", completions), identifier, publisher, self.document)

    def request(
        self, checker: RowChecker, achievement: str, version: int | None, completions: Completions
    ) -> IssueRequest | Problem:
        """The credential, to be issued for that achievement; held against it as a row of a file is."""
        ects = self.completed("achievement", completions).get("ects")
        return request(checker, self.completed("credential", completions), achievement, version, ects, self.path)


class Document(ABC):
    """A document, read."""

    FORMAT: ClassVar[str]
    """What it is called, for people."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.awards: list[Award] = []
        self.issuer = Issuer()
        self.signed = False

    @abstractmethod
    def unmapped(self) -> list[str]:
        """The paths of all that was said and not used."""

    def external(self) -> list[External]:
        """Its awards as an office reads them that did not issue them."""
        return [
            External(
                self.FORMAT,
                self.issuer.name,
                self.issuer.country,
                award.achievement.get("title") or {},
                award.achievement.get("ects"),
                award.achievement.get("eqfLevel"),
                award.achievement.get("workloadHours"),
                [one["title"] for one in award.achievement.get("learningOutcomes", []) if one.get("title")],
                award.achievement.get("fieldsOfEducation", []),
                award.credential.get("awarding_date"),
                award.credential.get("grade"),
                award.credential.get("family_name"),
                award.credential.get("given_name"),
                award.credential.get("date_of_birth"),
                self.signed,
            )
            for award in self.awards
        ]

    def _add(self, read: Callable[[], Award]) -> None:
        """Take an award in, with what was odd while it was read."""
        before = len(self.problems)
        award = read()
        award.problems = self.problems[before:]
        self.awards.append(award)
        award.number = len(self.awards)

    def _odd(self, path: str, value: str, detail: str) -> None:
        field = path.rsplit(".", 1)[-1].rsplit("/", 1)[-1]
        self.problems.append(Problem(path, field, value[:80], detail))

    def _finish(self) -> None:
        """Say what holds for every document."""
        if self.signed:
            self.notes.append("the document's signature or proof was not checked; its content was read as it is")
        if self.issuer.name:
            self.notes.append(f"by its own word the document is issued by {self.issuer.name}")


def wanted(achievement: Values, publisher: str) -> list[str]:
    """What Annex I still wants of an achievement's values."""
    given = {**achievement, **_given("", publisher)}
    return [f"achievement.{name}" for name, required in _FIELDS.items() if required and given.get(name) in _NOTHING]


_NOTHING: Final[tuple[Any, ...]] = (None, [], {}, "")


def content(values: Values, identifier: str, publisher: str, where: str) -> AchievementContent:
    """An achievement's first version. Raises `IntakeError` where something is missing or wrong."""
    try:
        made = msgspec.convert({**values, **_given(identifier, publisher)}, AchievementContent)
    except msgspec.ValidationError as error:
        raise IntakeError(f"{where}: the achievement: {told(error, AchievementContent)}") from error
    if (fault := made.fault(publisher) or blank(made)) is not None:
        raise IntakeError(f"{where}: the achievement: $.{fault[0].lstrip('.')}: {fault[1]}")
    return made


def request(
    checker: RowChecker, values: Values, achievement: str, version: int | None, ects: object, where: str
) -> IssueRequest | Problem:
    """A credential, to be issued for an achievement; held against it as a row of a file is."""
    row = {name: str(value) for name, value in values.items() if value is not None}
    row["achievement"] = achievement
    if version is not None:
        row["version"] = str(version)
    if ects is not None:
        row["ects"] = str(ects)
    found = checker.check(1, row)
    if found is None:
        return Problem(where, "record", row["record"], "is the record of the template's example; give it another")
    return msgspec.structs.replace(found, where=where) if isinstance(found, Problem) else found


def _given(identifier: str, publisher: str) -> Values:
    return {"achievement": identifier or "-", "version": 1, "awardingBodies": [publisher]}


def _said(values: Values) -> Values:
    return {name: value for name, value in values.items() if value not in (None, [], {})}


def _object(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = owner.get(name)
    if found is not None and not isinstance(found, Mapping):
        raise IntakeError(f"completions: {name} is no object; write {{{name!r}: {{…}}}}")
    return found or {}
