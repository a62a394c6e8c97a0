"""What all documents share: the awards that they hold, what is unclear or refused, and what is still wanted.

A document holds achievements and a person's credentials of them. A stated value is understood, asked for or refused:
an award about which something is asked cannot be issued until whoever imports it names the field beside the document,
with its value or with null for none. What nothing was made of is listed by its path; what Annex I still wants is asked
for by name.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import msgspec

from registry.application.achievement_content import NewestVersion, read_content
from registry.intake.formats.unmapped import Unmapped
from registry.intake.rows import parts
from registry.intake.rows.report import IntakeError, Problem, masked
from registry.intake.rows.row_checker import CheckedRow, RowChecker
from registry.values.broken_text import broken_text_fault
from registry.values.persons import differences
from registry.wire.achievements import AchievementContent

Values = dict[str, Any]
Completions = Mapping[str, Any]
"""What is given beside a document: `achievement` and `credential`, for all of its awards; `awards`, by an award's
number (from 1) or course code, for one."""

CREDENTIAL: Final = (
    "record", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "valid_until", "grade",
    "original_grade", "national_id", "note", "replaces", "valid_from", "parts",
    "issuer",
)  # fmt: skip
ISSUER: Final = "credential.issuer"
"""No column: it settles who issued a document that does not say so clearly. A university issues as itself only."""
NAMES: Final = ("family_name", "given_name")
"""One of them may be absent: some persons have one name only."""
_NEEDED: Final = ("record", "student", "date_of_birth", "awarding_date")
_PERSONAL: Final = frozenset(
    f"credential.{name}" for name in (*NAMES, "student", "date_of_birth", "grade", "original_grade", "national_id")
)
_CHECKED_AGAINST_OWN: Final = ("achievement.ects", "achievement.eqfLevel")
"""What a document says of its achievement that must be clear even where the university has published that one."""
_FIELDS: Final = {field.encode_name: field.required for field in msgspec.structs.fields(AchievementContent)}


class Oddity(msgspec.Struct, frozen=True):
    """Something that a document says and that has no certain meaning, or that forbids issuing."""

    where: str
    """The path in the document."""
    value: str
    """What stands there; masked where it is about the person."""
    detail: str
    asks: str = ""
    """The field of the completions that settles it, for example `credential.valid_until`; empty where none does."""

    def problem(self) -> Problem:
        """Return it as a reason why an award is not issued, with what to do."""
        if not self.asks:
            return Problem(self.where, "", self.value, self.detail)
        return Problem(self.where, self.asks, self.value, f"{self.detail}; name {self.asks} beside it (null: none)")

    def told(self) -> str:
        """Return it as a note: where it is of no matter for a published achievement, that is said."""
        if self.asks.startswith("achievement.") and self.asks not in _CHECKED_AGAINST_OWN:
            return f"{self.detail} (this matters only where an achievement is made of the document)"
        return self.detail


class External(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that somebody else issued, as its document states it. Nothing of it has been proved.

    `sources` says where in the document each value stands. Its keys are the names of Annex I's fields and of a row's
    columns, with their part: `achievement.ects`, `achievement.learningOutcomes`, `credential.grade`. A value that was
    not understood is absent here and stands in `unclear`.
    """

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
    """Whether it carries a signature or proof; `notes` of the document say what is known of it."""
    assessments: list[str] = []
    """Codes of docs/events.md, for example `markedAssignment`; so are the next three."""
    participation: list[str] = []
    supervision: str | None = None
    learning_setting: str | None = None
    identity_verified: bool | None = None
    quality_assurance: list[dict[str, Any]] = []
    """Each with `type` and `agency`, and maybe `validUntil`."""
    nqf_level: str | None = None
    language: list[str] = []
    """Of instruction."""
    grading_scheme: dict[str, Any] | None = None
    valid_until: str | None = None
    sources: dict[str, str] = {}
    unclear: list[Oddity] = []
    refusals: list[Oddity] = []
    """Why it could not be issued: revoked, failed, withdrawn by its own word."""


class Issuer(msgspec.Struct, frozen=True):
    """Who issued a document, by its own word."""

    name: str = ""
    country: str = ""
    homepage: str = ""
    """A web address of the issuer's, maybe its id; empty where there is none."""


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
        self.repeated = 1
        """The place among awards of the same achievement on the same day, where the document has no ids of its own."""
        self.issuer: Issuer | None = None
        """Who issued it, where it is not the whole document's issuer."""
        self.parts: list[Award] = []
        """The awards of the same document that are parts of this one."""
        self.problems: list[Oddity] = []
        """What is unclear in this award."""
        self.refusals: list[Oddity] = []
        """Why it cannot be issued, whatever is given beside it."""
        self.sources: dict[str, str] = {}
        """Where in the document each field stands."""

    @property
    def title(self) -> str:
        """In English, or else in the first language there is; for people."""
        titles = self.achievement.get("title") or {}
        return str(titles.get("en") or next(iter(titles.values()), "")) or self.path

    def completed(self, part: str, completions: Completions) -> Values:
        """What is read of a part, with what is given beside it. Raises `IntakeError` for what is no field of it."""
        known = _FIELDS if part == "achievement" else dict.fromkeys(CREDENTIAL, False)
        values = dict(self.achievement if part == "achievement" else self.credential)
        for given in self._given(completions):
            for name, value in _object(given, part).items():
                if name not in known:
                    raise IntakeError(f"completions: {part}.{name} is no field; they are {', '.join(known)}")
                values[name] = value
        if part == "credential" and not values.get("record") and self.codes:
            # Without an id of its own an award is known by what, who and when: the same again is the same record.
            parts = [self.codes[0], values.get("student"), values.get("awarding_date")]
            if all(parts):
                values["record"] = "\n".join(map(str, parts)).replace("\n", " ")
                values["record"] += f" #{self.repeated}" if self.repeated > 1 else ""
        return values

    def _given(self, completions: Completions) -> list[Mapping[str, Any]]:
        """What is given for all awards, then what is given for this one."""
        awards = _object(completions, "awards")
        return [completions, *(_object(awards, key) for key in (str(self.number), *self.codes))]

    def named(self, part: str, completions: Completions) -> set[str]:
        """Return the fields of a part that are named beside the document, with a value or null."""
        return {name for given in self._given(completions) for name in _object(given, part)}

    def asked(self, part: str, completions: Completions) -> list[Oddity]:
        """Return what is unclear in a part and has not been named beside the document."""
        return still_asked(self.problems, part, self.named(part, completions))

    def open_questions(self, completions: Completions, *, new: bool) -> list[Oddity]:
        """Return what keeps the award from being issued.

        `new`: its achievement would be published from the document; otherwise only what is held against the
        university's own counts.
        """
        of_achievement = self.asked("achievement", completions)
        if not new:
            of_achievement = [one for one in of_achievement if one.asks in _CHECKED_AGAINST_OWN]
        return of_achievement + self.asked("credential", completions)

    def missing(self, completions: Completions, publisher: str) -> list[str]:
        """Return what Annex I, or issuing, still wants, as paths into the completions."""
        return self.missing_achievement(completions, publisher) + self.missing_credential(completions)

    def missing_achievement(self, completions: Completions, publisher: str) -> list[str]:
        """Return what Annex I still wants of the achievement."""
        return wanted(self.completed("achievement", completions), publisher)

    def missing_credential(self, completions: Completions) -> list[str]:
        """Return what issuing still wants."""
        return [f"credential.{name}" for name in lacking(self.completed("credential", completions))]

    def content(
        self, identifier: str, publisher: str, completions: Completions, newest: NewestVersion
    ) -> AchievementContent:
        """Return the achievement's first version. Raises `FaultyContent` with all that is missing or wrong."""
        values = self.completed("achievement", completions)
        return content(values, identifier, publisher, newest, self.meant(completions))

    def meant(self, completions: Completions) -> set[str]:
        """Return the fields of the achievement whose texts are meant as the document has them: somebody repeated them.

        What is given otherwise beside the document is held to the same rules as any text.
        """
        values = self.completed("achievement", completions)
        return meant_texts(self.achievement, values, self.named("achievement", completions))

    def request(
        self, checker: RowChecker, achievement: str, version: int | None, completions: Completions
    ) -> CheckedRow:
        """Return the credential as a request for that achievement, checked as a row of a file is."""
        ects = self.completed("achievement", completions).get("ects")
        values, named = self.completed("credential", completions), self.named("credential", completions)
        return request(checker, values, achievement, version, ects, self.path, named)


class Document(ABC):
    """A document, read."""

    FORMAT: ClassVar[str]
    """What it is called, for people."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Oddity] = []
        self.refusals: list[Oddity] = []
        self.notes: list[str] = []
        self.awards: list[Award] = []
        self.left_out: dict[str, str] = {}
        """What is described and is no award, by course code, and why."""
        self.issuer = Issuer()
        self.signed = False
        self._field = ""
        self._sources: dict[str, str] = {}
        self._in_award = False
        self._shared: tuple[list[Oddity], list[Oddity]] = [], []
        """What was said outside of any award: it holds for each of them."""

    @abstractmethod
    def unmapped(self) -> Unmapped:
        """Return what was said and not used."""

    def holder_identity(self) -> dict[str, str]:
        """Return whom the document identifies as the holder other than by the names of a credential.

        `familyName` has the whole name, undivided; `email` an address. Most formats have nothing of the kind.
        """
        return {}

    def external(self) -> list[External]:
        """Return its awards as an office reads them that did not issue them."""
        return [self._external(award) for award in self.awards]

    def _external(self, award: Award) -> External:
        issuer = award.issuer or self.issuer
        achievement, credential = award.achievement, award.credential
        return External(
            self.FORMAT,
            issuer.name,
            issuer.country,
            achievement.get("title") or {},
            achievement.get("ects"),
            achievement.get("eqfLevel"),
            achievement.get("workloadHours"),
            [one["title"] for one in achievement.get("learningOutcomes", []) if one.get("title")],
            achievement.get("fieldsOfEducation", []),
            credential.get("awarding_date"),
            credential.get("grade"),
            credential.get("family_name"),
            credential.get("given_name"),
            credential.get("date_of_birth"),
            self.signed,
            assessments=achievement.get("assessments", []),
            participation=achievement.get("participation", []),
            supervision=achievement.get("supervision"),
            learning_setting=achievement.get("learningSetting"),
            identity_verified=achievement.get("identityVerified"),
            quality_assurance=achievement.get("qualityAssurance", []),
            nqf_level=achievement.get("nqfLevel"),
            language=achievement.get("language", []),
            grading_scheme=achievement.get("gradingScheme"),
            valid_until=credential.get("valid_until"),
            sources=award.sources,
            unclear=award.problems,
            refusals=award.refusals,
        )

    def _add(self, read: Callable[[], Award]) -> Award:
        """Take an award in, with what was unclear while it was read."""
        unclear, refused = len(self.problems), len(self.refusals)
        self._sources, self._in_award = {}, True
        award = read()
        self._in_award = False
        award.problems, award.refusals = self.problems[unclear:], self.refusals[refused:]
        award.sources = self._sources
        self.awards.append(award)
        award.number = len(self.awards)
        return award

    @contextmanager
    def _about(self, field: str) -> Iterator[None]:
        """While a field of the completions is read: what is odd meanwhile leaves that field open."""
        before, self._field = self._field, field
        try:
            yield
        finally:
            self._field = before

    def _values(self, part: str, readers: Mapping[str, Callable[[], Any]]) -> Values:
        """Read the fields of a part, each by its reader."""
        values: Values = {}
        for name, read in readers.items():
            with self._about(f"{part}.{name}"):
                values[name] = read()
        return values

    def _source(self, path: str) -> None:
        if self._field:
            self._sources.setdefault(self._field, path)

    def _odd(self, path: str, value: str, detail: str) -> None:
        """Ask for the field that is read now; what no field settles keeps the award from being issued."""
        if not self._field:
            self._refuse(path, value, f"{detail}; correct it in the document: nothing beside it settles this")
            return
        shown = masked(value) if self._field in _PERSONAL else value[:80]
        oddity = Oddity(path, shown, detail, self._field)
        if oddity not in self.problems or self._in_award:
            self.problems.append(oddity)
        if not self._in_award and oddity.asks:
            self._shared[0].append(oddity)

    def _refuse(self, path: str, value: str, detail: str) -> None:
        """Say why an award cannot be issued, or, outside of any award, why none of the document can."""
        oddity = Oddity(path, value[:80], detail)
        self.refusals.append(oddity)
        if not self._in_award:
            self._shared[1].append(oddity)

    def _sound(self, path: str, text: str) -> str:
        """Return a text that was read; broken characters in it are reported."""
        if (fault := broken_text_fault(text)) is not None:
            self._odd(path, text, fault)
        return text

    def _check_whole_name(self, path: str, wholes: Sequence[str], family: str | None, given: str | None) -> None:
        """Ask for the name where a whole one, in none of its spellings, shares a part with the others."""
        stated = {"familyName": family or "", "givenName": given or ""}
        if wholes and all("name" in differences(stated, {"familyName": whole}) for whole in wholes):
            self._odd(path, wholes[0], "is another name than the family name and the given name; say whose it is")

    def _number_records(self, awards: Sequence[Award]) -> None:
        """Several awards under one id are known by their places besides."""
        if len(awards) > 1:
            for number, award in enumerate(awards, 1):
                if "record" in award.credential:
                    award.credential["record"] += f" #{number}"

    def _finish(self) -> None:
        """Say what holds for every document."""
        today = dt.datetime.now(dt.UTC).date().isoformat()
        for award in self.awards:
            award.problems = award.problems + self._shared[0]
            award.refusals = award.refusals + self._shared[1]
            self._check_sum(award)
            end = award.credential.get("valid_until")
            if isinstance(end, str) and end < today:
                self._note_once(f"{award.path}: by the document's own word it ended on {end}, which is past")
            names = [name for name in NAMES if award.credential.get(name)]
            if len(names) == 1:
                self._note_once(f"the person has one name only, as {names[0]}; name the other if there is one")

    def _check_sum(self, award: Award) -> None:
        """Ask for a whole's credits where they are not the sum of its parts'."""
        whole, parts = award.achievement.get("ects"), [part.achievement.get("ects") for part in award.parts]
        if not parts or whole is None or None in parts:
            return
        total = round(sum(float(ects) for ects in parts if ects is not None), 2)
        if total != whole:
            detail = f"is worth {whole} ECTS, and its {len(parts)} parts add up to {total:g}; say what it is worth"
            oddity = Oddity(award.path, str(whole), detail, "achievement.ects")
            award.problems = [*award.problems, oddity]
            self.problems.append(oddity)

    def _note_once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def lacking(values: Values) -> list[str]:
    """Return the columns that a credential still wants: one of a person's names is enough."""
    names = [] if any(values.get(name) for name in NAMES) else list(NAMES)
    return [name for name in CREDENTIAL if name in names or (name in _NEEDED and not values.get(name))]


def issuer_fault(values: Values, member: str, where: str) -> Problem | None:
    """Return what is wrong with the issuer that somebody named beside a document, or None.

    It is asked for where the document is not clear; this node issues as one university only.
    """
    named = values.get("issuer")
    if named in (None, member):
        return None
    detail = f"this node issues as {member} only; write {member}, or null; what another issued is not issued here"
    return Problem(where, ISSUER, str(named)[:80], detail)


def still_asked(oddities: Sequence[Oddity], part: str, named: Collection[str]) -> list[Oddity]:
    """Return those about fields of a part that nobody has named."""
    prefix = f"{part}."
    return [one for one in oddities if one.asks.startswith(prefix) and one.asks.removeprefix(prefix) not in named]


def check_completions(completions: Completions, awards: Sequence[Award], left_out: Mapping[str, str]) -> list[str]:
    """Return a note on each award that is named beside the document and is not in it: it has no effect.

    One file of completions may serve several documents. Raises `IntakeError` for what no document could use.
    """
    _only(completions, ("achievement", "credential", "awards"), "completions")
    given, notes = _object(completions, "awards"), []
    known = {key for award in awards for key in (str(award.number), *award.codes)}
    for key in given:
        _only(_object(given, key), ("achievement", "credential"), f"completions: awards.{key}")
        if key in known:
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


def _only(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    if unknown := sorted(given.keys() - set(known)):
        raise IntakeError(f"{where}: {unknown[0][:80]} is none of {', '.join(known)}")


def wanted(achievement: Values, publisher: str) -> list[str]:
    """What Annex I still wants of an achievement's values."""
    given = {**achievement, **_given("", publisher)}
    return [f"achievement.{name}" for name, required in _FIELDS.items() if required and given.get(name) in _NOTHING]


_NOTHING: Final[tuple[Any, ...]] = (None, [], {}, "")


def content(
    values: Values, identifier: str, publisher: str, newest: NewestVersion, keep_text: Collection[str]
) -> AchievementContent:
    """Return an achievement's first version. Raises `FaultyContent` with all that is missing or wrong.

    `keep_text` are the fields whose texts are meant though they look broken.
    """
    return read_content({**values, **_given(identifier, publisher)}, publisher, newest, keep_text)


def meant_texts(read: Values, completed: Values, named: Collection[str]) -> set[str]:
    """Return the named fields that have the text which the document has."""
    return {name for name in named if name in read and completed.get(name) == read[name]}


def request(
    checker: RowChecker,
    values: Values,
    achievement: str,
    version: int | None,
    ects: object,
    where: str,
    named: Collection[str],
) -> CheckedRow:
    """Return a credential as a request for an achievement, or all that a row of a file would be refused for.

    `named` are the fields named beside the document: their text is right although it looks broken.
    """
    row = dict.fromkeys(NAMES, "") | {name: str(value) for name, value in values.items() if value is not None}
    row["achievement"] = achievement
    if version is not None:
        row["version"] = str(version)
    if ects is not None:
        row["ects"] = str(ects)
    row.pop("issuer", None)
    stated_parts = row.pop("parts", "")  # a programme may have more of them than a field of a table can hold
    checked = checker.check(1, row, keep_columns=named)
    if checked is None:
        detail = "is the record of the template's example; give it another"
        return CheckedRow((Problem(where, "record", row["record"], detail),))
    result, stacked = checked.result, parts.parse(stated_parts)
    wrong = []
    if isinstance(result, tuple):
        wrong = [msgspec.structs.replace(problem, where=where) for problem in result]
    if isinstance(stacked, str):
        wrong.append(Problem(where, "credential.parts", stated_parts[:80], stacked))
    if isinstance(result, tuple) or isinstance(stacked, str):
        return CheckedRow(tuple(wrong))
    return CheckedRow(msgspec.structs.replace(result, parts=stacked or None), checked.day)


def _given(identifier: str, publisher: str) -> Values:
    return {"achievement": identifier or "-", "version": 1, "awardingBodies": [publisher]}


def _said(values: Values) -> Values:
    return {name: value for name, value in values.items() if value not in (None, [], {})}


def _object(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = owner.get(name)
    if found is not None and not isinstance(found, Mapping):
        raise IntakeError(f"completions: {name} is no object; write {{{name!r}: {{…}}}}")
    return found or {}
