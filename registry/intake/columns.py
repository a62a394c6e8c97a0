"""The columns of a credential row: what each holds, and the check of one row. CSV and NDJSON share it."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from registry.intake import parts
from registry.intake.report import Catalogue, Problem, masked
from registry.persons import birth_date_fault
from registry.requests import IssueRequest
from registry.wire.forms import check_date, check_uuid

MAX_FIELD: Final = 2000


class Column(NamedTuple):
    """One column of the template."""

    name: str
    need: Literal["required", "optional"]
    kind: Literal["personal", "public"]
    holds: str
    example: str


COLUMNS: Final = (
    Column("record", "required", "public", "your own id of this award, unique for ever", "EXAMPLE"),
    Column(
        "achievement", "required", "public", "the achievement's id; or give `course`",
        "0bbac7a9-a411-4809-ad9e-534f483b7a03",
    ),
    Column("version", "optional", "public", "its version; empty for the newest", ""),
    Column("student", "required", "personal", "your own number of the learner", "s1234567"),
    Column("family_name", "required", "personal", "family name", "Jansen"),
    Column("given_name", "required", "personal", "given name", "Ada"),
    Column("date_of_birth", "required", "personal", "YYYY-MM-DD", "2001-02-03"),
    Column("awarding_date", "required", "public", "YYYY-MM-DD", "2026-06-30"),
    Column("valid_until", "optional", "public", "YYYY-MM-DD; empty where it does not expire", ""),
    Column("valid_from", "optional", "public", "YYYY-MM-DD; a batch publishes it on that day, not before", ""),
    Column("ects", "optional", "public", "credits, to be checked against the achievement's", "5"),
    Column("grade", "optional", "personal", "the grade as your university writes it", "8.5"),
    Column("original_grade", "optional", "personal", "a grade that was converted, as it was", ""),
    Column("national_id", "optional", "personal", "a national identifier", ""),
    Column("note", "optional", "personal", "a note to the learner", ""),
    Column("replaces", "optional", "public", "the id of the credential that this one corrects", ""),
    Column("course", "optional", "public", "your own course code, where the mapping table has it", ""),
    Column("parts", "optional", "public", f"what is stacked into it: {parts.FORM}; parted by spaces", ""),
)  # fmt: skip
REQUIRED: Final = tuple(column.name for column in COLUMNS if column.need == "required")
NAMES: Final = tuple(column.name for column in COLUMNS)
_PERSONAL: Final = frozenset(column.name for column in COLUMNS if column.kind == "personal")
EXAMPLE_RECORD: Final = "EXAMPLE"
"""A row with this record is the template's own, and is passed over."""

_AHEAD: Final = dt.timedelta(days=366)
"""So long before an award is dated it may be taken in, as for a day of graduation."""

_NO_DATE: Final = "is not a date; write it as YYYY-MM-DD, for example 2026-06-30"
_RUN: Final = re.compile(r"'?[=+\-@\t\r]")
_RUN_WITHIN: Final = re.compile(r"(?:\A| )'?[=+\-@]")
"""With the apostrophe, too, by which a file of ours keeps a spreadsheet from running it."""
_GRADE: Final = re.compile(r"[+-]?\d{1,4}([.,]\d{1,4})?|[A-F][+-]?")
_ECTS: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_BROKEN: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class RowChecker:
    """Checks rows against the columns and the catalogue."""

    def __init__(self, catalogue: Catalogue, *, holds: bool = False) -> None:
        """`holds`: whether whoever asks keeps a row until its day; otherwise one whose day is to come is refused."""
        self.held_until: dt.date | None = None
        """The day from which the row checked last is to be published, where that is to come."""
        self._holds = holds
        self._catalogue = catalogue
        self._known: dict[str, tuple[tuple[int | float | None, ...], bool] | None] = {}
        self._courses: dict[str, tuple[str, int | None] | None] = {}

    def check(self, line: int, row: Mapping[str, str]) -> IssueRequest | Problem | None:
        """A request, the first problem of the row, or None for the template's example.

        `row` holds text for each column that the file has; empty text is as good as none. Blanks around it
        are taken off.
        """
        self.held_until = None
        row = {name: value.strip() for name, value in row.items()}
        if row.get("course"):
            found = self._mapped(line, row)
            if isinstance(found, Problem):
                return found
            row = found
        if not _plain(row.values()):
            for name, value in row.items():
                if value and (wrong := _text_fault(name, value)) is not None:
                    return _problem(line, name, value, wrong)
        for name in REQUIRED:
            if not row.get(name):
                return _problem(line, name, "", "is empty; every row needs it")
        if row["record"] == EXAMPLE_RECORD:
            return None
        odd = days_fault(row["date_of_birth"], row["awarding_date"], row.get("valid_until") or None)
        if odd is not None:
            return _problem(line, odd[0], row[odd[0]], odd[1])
        begin = row.get("valid_from")
        if begin and (wrong := self._hold(begin, row.get("valid_until") or None)) is not None:
            return _problem(line, "valid_from", begin, wrong)
        if (replaced := row.get("replaces")) and (wrong := _credential(replaced)) is not None:
            return _problem(line, "replaces", replaced, wrong)
        if row["achievement"] not in self._known and (wrong := _achievement(row["achievement"])) is not None:
            return _problem(line, "achievement", row["achievement"], wrong)
        version = row.get("version") or None
        if version is not None and not (version.isascii() and version.isdigit() and 0 < int(version[:9]) < 2**31):
            return _problem(line, "version", version, "a version is 1, 2, 3 …")
        number = int(version) if version is not None else None
        if (fault := self._offer_fault(row, number)) is not None:
            return _problem(line, *fault)
        stacked = parts.parse(row.get("parts") or "")
        if isinstance(stacked, str):
            return _problem(line, "parts", row["parts"], stacked)
        return IssueRequest(
            row["record"],
            row["achievement"],
            number,
            row["student"],
            row["family_name"],
            row["given_name"],
            row["date_of_birth"],
            row["awarding_date"],
            valid_until=row.get("valid_until") or None,
            grade=row.get("grade") or None,
            original_grade=row.get("original_grade") or None,
            national_id=row.get("national_id") or None,
            note=row.get("note") or None,
            replaces=row.get("replaces") or None,
            parts=stacked or None,
        )

    def _hold(self, begin: str, until: str | None) -> str | None:
        """Hold a row until its day, which may have come; what is wrong with that day."""
        if check_date(begin) is not None:
            return _NO_DATE
        day, today = dt.date.fromisoformat(begin), dt.datetime.now(dt.UTC).date()
        if until is not None and until < begin:
            return "lies after valid_until"
        if day > today + _AHEAD:
            return "lies more than a year ahead; is its year right?"
        if day > today and not self._holds:
            return "its day has not come; send it in a batch, which waits for it, or send it again then"
        self.held_until = day if day > today else None
        return None

    def _mapped(self, line: int, row: Mapping[str, str]) -> Mapping[str, str] | Problem:
        """The row with the achievement, and the version, that its course code stands for."""
        code = row["course"]
        if code not in self._courses:
            self._courses[code] = self._catalogue.course(code) if len(code) <= MAX_FIELD and "\0" not in code else None
        found = self._courses[code]
        if found is None:
            return _problem(line, "course", code, "is no course code here; the table of course codes lacks it")
        achievement, version = found
        if row.get("achievement", achievement) not in ("", achievement):
            return _problem(line, "course", code, f"stands for achievement {achievement}; the row names another")
        given = row.get("version") or ("" if version is None else str(version))
        return {**row, "achievement": achievement, "version": given}

    def _offer_fault(self, row: Mapping[str, str], version: int | None) -> tuple[str, str, str] | None:
        achievement = row["achievement"]
        if achievement not in self._known:
            ects = self._catalogue.ects(achievement)
            self._known[achievement] = None if ects is None else (ects, self._catalogue.retired(achievement))
        known = self._known[achievement]
        if known is None:
            return "achievement", achievement, "is not offered here: no published achievement has this id"
        offered, retired = known
        if retired and not row.get("replaces"):
            return "achievement", achievement, "is retired; it is issued no more, except to correct a credential"
        if version is not None and version > len(offered):
            return "version", str(version), f"the newest version is {len(offered)}"
        stated = row.get("ects")
        if stated:
            if not _ECTS.fullmatch(stated):
                hint = "; write a point, not a comma" if "," in stated else ""
                return "ects", stated, f"credits are a number like 5 or 2.5{hint}"
            worth = offered[(version or len(offered)) - 1]
            if worth is None:
                return "ects", stated, "the achievement is not credit-bearing; leave it empty"
            if float(stated) != worth:
                return "ects", stated, f"the achievement is worth {worth} ECTS"
        return None


def example_note(line: int) -> str:
    """What is said of the template's own row."""
    return f"line {line} is the template's own example and was not taken in; write your own rows in its place"


def _problem(line: int, name: str, value: str, detail: str) -> Problem:
    shown = masked(value) if name in _PERSONAL else value[:80]
    return Problem(f"line {line}", name, _BROKEN.sub("?", shown), detail)


def _plain(values: Iterable[str]) -> bool:
    """Whether no text of a row needs a closer look: said of them all at once."""
    text = " ".join(values)
    return text.isprintable() and len(text) <= MAX_FIELD and _RUN_WITHIN.search(text) is None


def _text_fault(name: str, value: str) -> str | None:
    if len(value) > MAX_FIELD:
        return f"is {len(value):,} characters long, {MAX_FIELD:,} at most"
    if _RUN.match(value) and not (name in ("grade", "original_grade") and _GRADE.fullmatch(value)):
        return "begins with a character that a spreadsheet would run as a formula; remove it"
    if not value.isprintable():
        if _BROKEN.search(value):
            return "is not UTF-8 here; save the file as UTF-8"
        if "\n" in value:
            return "holds a line break; is a quotation mark left open?"
        if _CONTROL.search(value):
            return "holds a control character; remove it"
    return None


def _achievement(value: str) -> str | None:
    return None if check_uuid(value) is None else "is not an id of an achievement (a UUID in lower case)"


def _credential(value: str) -> str | None:
    return None if check_uuid(value) is None else "is not an id of a credential (a UUID in lower case)"


def days_fault(born: str, awarded: str, until: str | None = None) -> tuple[str, str] | None:
    """Which of a credential's days cannot be right, by its column, and why."""
    if (fault := birth_date_fault(born)) is not None:
        return "date_of_birth", fault
    for name, given in (("awarding_date", awarded), ("valid_until", until)):
        if given is not None and check_date(given) is not None:
            return name, _NO_DATE
    today = dt.datetime.now(dt.UTC).date()
    if awarded <= born:
        return "awarding_date", "is not after the date of birth"
    if awarded > (today + _AHEAD).isoformat():
        return "awarding_date", "lies more than a year ahead; is its year right?"
    if until is not None and until < awarded:
        return "valid_until", "lies before the awarding date"
    return None
