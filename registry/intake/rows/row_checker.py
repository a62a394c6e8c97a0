"""The check of one credential row against the columns and the catalogue. Tables, NDJSON, events and forms share it."""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from registry.application.requests import IssueRequest
from registry.intake.rows import parts
from registry.intake.rows.columns import DAYS, EXAMPLE_RECORD, GRADES, display_value
from registry.intake.rows.days import Order, day_fault, orders_of, read_day
from registry.intake.rows.grades import grade_fault
from registry.intake.rows.judged_days import AHEAD, judge_days
from registry.intake.rows.report import Catalogue, Problem, Problems
from registry.intake.rows.row_notes import RowNotes
from registry.intake.rows.row_texts import clean_text, is_plain
from registry.values.persons import (
    are_usual,
    doubtful_name,
    name_fault,
    number_fault,
    record_fault,
    swapped_fault,
)
from registry.values.uuids import canonical_uuid
from registry.wire.forms import check_uuid
from registry.wire.today import utc_today

_IDENTIFIERS: Final = (("record", record_fault), ("student", number_fault), ("national_id", number_fault))
_PERSONS_NAMES: Final = ("family_name", "given_name")
_WHERE_IT_IS_THE_NAME: Final = (
    "; or repeat with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the name"
)
_FILLED: Final = ("record", "student", "date_of_birth", "awarding_date")
"""Columns that no row may leave empty; one of the two names may be empty."""
_ECTS: Final = re.compile(r"\d{1,6}(\.\d{0,6})?|\.\d{1,6}")
_DECIMAL_COMMA: Final = re.compile(r"\d{1,6},\d{1,6}")

FindRecord = Callable[[str], str | None]
"""Returns the id of the credential that was issued for a record; None if none was."""


class CheckedRow(NamedTuple):
    """The result of checking a row."""

    result: IssueRequest | Problems
    day: dt.date | None = None
    """Day from which it is to be published, where that is to come."""


class RowChecker:
    """Checks rows against the columns and the catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        schedules: bool = False,
        dates: Order | None = None,
        decimal_comma: bool = False,
        keep_text: bool = False,
        find_record: FindRecord | None = None,
    ) -> None:
        """Check rows one after another.

        `schedules`: the caller keeps a row until its day; otherwise a row whose day is to come is refused. `dates`: how
        days are written that are not `YYYY-MM-DD`. `decimal_comma`: a comma in a number is a decimal comma.
        `keep_text`: text that looks as if it were in a wrong encoding is right. `find_record`: `replaces` may name a
        record, too.
        """
        self._find_record = find_record
        self._schedules = schedules
        self._dates = dates
        self._decimal_comma = decimal_comma
        self._keep_text = keep_text
        self._catalogue = catalogue
        self._offers: dict[str, _Offer | None] = {}
        self._courses: dict[str, tuple[str, int | None] | None] = {}
        self._notes = RowNotes()

    def check(self, line: int, row: Mapping[str, str], *, keep_columns: Collection[str] = ()) -> CheckedRow | None:
        """Check a row: return a request or all its problems; None for the template's example.

        `line` is 0 for a row that is in no file. `row` has text for each column; empty text counts as none. Surrounding
        spaces are removed. Identifiers and names are checked in their normalised spelling, but the request has them as
        the row does: what an earlier version stored is found by that spelling, too (`IssueRequest.normalise`).
        `keep_columns` are those whose text is right although it looks as if it were in a wrong encoding.
        """
        checked = _Row(line, dict(row), keep_columns)
        self._clean(checked)
        values = checked.values
        if values.get("record") == EXAMPLE_RECORD:
            return None
        self._check_person(checked)
        days = self._check_days(checked)
        version = self._check_achievement(checked)
        self._check_replaced(checked)
        stacked = parts.parse(checked.get("parts"))
        if isinstance(stacked, str):
            checked.refuse("parts", values["parts"], stacked)
            stacked = []
        if checked.problems:
            return CheckedRow(tuple(checked.problems))
        self._notes.add_days(line, is_ahead=days.is_ahead, is_over=days.is_over)
        request = IssueRequest(
            row["record"].strip(),
            values["achievement"],
            version,
            row["student"].strip(),
            row["family_name"].strip(),
            row["given_name"].strip(),
            values["date_of_birth"],
            values["awarding_date"],
            valid_until=values.get("valid_until") or None,
            grade=values.get("grade") or None,
            original_grade=values.get("original_grade") or None,
            national_id=row.get("national_id", "").strip() or None,
            note=values.get("note") or None,
            replaces=values.get("replaces") or None,
            parts=stacked or None,
        )
        return CheckedRow(request, days.begin)

    def list_notes(self) -> list[str]:
        """Return notes on all rows that were checked: values that were read differently, and doubtful days."""
        return self._notes.list()

    def _clean(self, row: "_Row") -> None:
        """Normalise the spelling of the row's texts, and add the faults of their characters."""
        values = row.values
        if is_plain(values.values()):
            return
        for name, value in values.items():
            if value:
                values[name], fault = clean_text(name, value, keep_text=self._keeps(row, name))
                if fault is not None:
                    row.refuse(name, values[name], fault)
        row.faulty = {problem.field for problem in row.problems}

    def _keeps(self, row: "_Row", name: str) -> bool:
        """Return True if a text of this column is right although it looks wrong."""
        return self._keep_text or name in row.keep_columns

    # The person

    def _check_person(self, row: "_Row") -> None:
        values = row.values
        if not all(map(values.get, _FILLED)):
            for name in _FILLED:
                if not values.get(name) and name not in row.faulty:
                    row.refuse(name, "", "is empty; every row needs it")
        is_usual = not values.get("national_id") and are_usual(
            values.get("record", ""),
            values.get("student", ""),
            values.get("family_name", ""),
            values.get("given_name", ""),
        )
        if not is_usual:
            self._check_identifiers(row)
        self._check_grades(row)
        if not is_usual:
            self._check_names(row)

    def _check_identifiers(self, row: "_Row") -> None:
        for name, find_fault in _IDENTIFIERS:
            value = row.get(name)
            if value and (fault := find_fault(value)) is not None:
                row.refuse(name, value, fault)

    def _check_grades(self, row: "_Row") -> None:
        for name in GRADES:
            value = row.get(name)
            if value and (fault := grade_fault(value, keep_text=self._keeps(row, name))) is not None:
                row.refuse(name, value, fault)

    def _check_names(self, row: "_Row") -> None:
        values = row.values
        for name in _PERSONS_NAMES:
            if values.get(name) is None:
                row.refuse(name, "", "is missing; give it, empty for a person who has one name only")
            elif (value := row.get(name)) and (fault := self._find_name_fault(row, name, value)) is not None:
                row.refuse(name, value, fault)
        family_name, given_name = values.get("family_name"), values.get("given_name")
        swapped = swapped_fault(values.get("student") or "", family_name or "", given_name or "")
        if swapped is not None and not (self._keeps(row, "student") or "student" in row.faulty):
            row.refuse("student", values["student"], swapped + _WHERE_IT_IS_THE_NAME)
        if (family_name, given_name) != (None, None) and not (family_name or given_name):
            row.refuse("family_name", "", "is empty, and so is given_name; every row needs one of them")

    def _find_name_fault(self, row: "_Row", name: str, value: str) -> str | None:
        if not value[0].isalpha() and (fault := name_fault(value)) is not None:
            return fault
        doubt = None if self._keeps(row, name) else doubtful_name(value)
        return None if doubt is None else doubt + _WHERE_IT_IS_THE_NAME

    # The days

    def _check_days(self, row: "_Row") -> "_Days":
        """Write the days of a row in the form YYYY-MM-DD, and check them against each other."""
        days: dict[str, str] = {}
        for name in DAYS:
            if not (stated := row.get(name)):
                continue
            day = read_day(stated, self._dates)
            if day is None:
                row.refuse(name, stated, day_fault(stated, self._dates))
                if self._dates is None and "." not in stated and len(orders := orders_of(stated)) == 1:
                    self._notes.add_order(row.line, name, orders[0])
            else:
                days[name] = row.values[name] = day
        today = utc_today()
        judged = judge_days(days.get("date_of_birth"), days.get("awarding_date"), days.get("valid_until"), today)
        for name, detail in judged.faults:
            row.refuse(name, days[name], detail)
        begin = days.get("valid_from")
        if begin is None:
            return _Days(judged.is_ahead, judged.is_over)
        first_day = dt.date.fromisoformat(begin)
        if (fault := self._find_begin_fault(first_day, days.get("valid_until"), today)) is not None:
            row.refuse("valid_from", begin, fault)
        return _Days(judged.is_ahead, judged.is_over, first_day if first_day > today else None)

    def _find_begin_fault(self, day: dt.date, until: str | None, today: dt.date) -> str | None:
        """Return why a credential cannot be valid from this day, or None."""
        if until is not None and until < day.isoformat():
            return "lies after valid_until"
        if day > today + AHEAD:
            return "lies more than a year ahead; is its year right?"
        if day > today and not self._schedules:
            return "its day has not come; send it in a batch, which waits for it, or send it again then"
        return None

    # The achievement

    def _check_achievement(self, row: "_Row") -> int | None:
        """Check which achievement is awarded, and return its version (None: the newest)."""
        self._check_ects(row)
        has_fault = "achievement" in row.faulty or "course" in row.faulty
        if row.values.get("course") and not has_fault and not self._find_course(row):
            return None
        version = self._read_version(row)
        achievement = row.values.get("achievement") or ""
        if achievement and achievement not in self._offers:
            achievement = row.values["achievement"] = self._read_achievement(achievement)
        if has_fault:
            return None
        if not achievement:
            row.refuse("achievement", "", "is empty; every row needs it, or a course code")
        elif achievement not in self._offers and check_uuid(achievement) is not None:
            row.refuse("achievement", achievement, "is not an id of an achievement (a UUID)")
        else:
            self._check_offer(row, achievement, version)
        return version

    def _read_achievement(self, text: str) -> str:
        """Return the id of an achievement in its one form, also where the university's own name is before it."""
        member, _, identifier = text.partition("/")
        return canonical_uuid(identifier if identifier and member == self._catalogue.member else text)

    def _check_ects(self, row: "_Row") -> None:
        stated = row.get("ects")
        if not stated or _ECTS.fullmatch(stated):
            return
        if self._decimal_comma and _DECIMAL_COMMA.fullmatch(stated):
            row.values["ects"] = stated.replace(",", ".")
            self._notes.add_comma()
            return
        hint = "; write a point, not a comma" if "," in stated else ""
        row.refuse("ects", stated, f"credits are a number like 5 or 2.5{hint}")

    def _find_course(self, row: "_Row") -> bool:
        """Add the achievement and version of the row's course code. Return False if the code is refused."""
        values = row.values
        code = values["course"]
        if code not in self._courses:
            self._courses[code] = self._catalogue.course(code)
        mapping = self._courses[code]
        if values.get("achievement"):
            values["achievement"] = self._read_achievement(values["achievement"])
        if mapping is None:
            row.refuse("course", code, "is not a course code here; the table of course codes lacks it")
            return False
        achievement, version = mapping
        if values.get("achievement", achievement) not in ("", achievement):
            row.refuse("course", code, f"stands for achievement {achievement}; the row names another")
            return False
        values["achievement"] = achievement
        if not values.get("version") and version is not None:
            values["version"] = str(version)
        return True

    def _read_version(self, row: "_Row") -> int | None:
        version = row.get("version")
        if not version:
            return None
        if version.isascii() and version.isdigit() and 0 < int(version[:10]) < 2**31:
            return int(version[:10])
        row.refuse("version", version, "a version is 1, 2, 3 …")
        return None

    def _check_offer(self, row: "_Row", achievement: str, version: int | None) -> None:
        """Check the row against the achievement that the university offers."""
        if achievement not in self._offers:
            credits_of_versions = self._catalogue.ects(achievement)
            self._offers[achievement] = (
                None
                if credits_of_versions is None
                else _Offer(credits_of_versions, self._catalogue.is_retired(achievement))
            )
        offer = self._offers[achievement]
        if offer is None:
            row.refuse("achievement", achievement, "is not offered here: no published achievement has this id")
        elif offer.is_retired and not row.values.get("replaces"):
            row.refuse("achievement", achievement, "is retired; it is only issued to correct a credential")
        elif version is not None and version > len(offer.ects):
            row.refuse("version", str(version), f"the newest version is {len(offer.ects)}")
        elif (stated := row.get("ects")) and _ECTS.fullmatch(stated):
            ects = offer.ects[(version or len(offer.ects)) - 1]
            if ects is None:
                row.refuse("ects", stated, "the achievement is not credit-bearing; leave it empty")
            elif float(stated) != ects:
                row.refuse("ects", stated, f"the achievement is worth {ects} ECTS")

    def _check_replaced(self, row: "_Row") -> None:
        """Replace a record in `replaces` by the id of its credential."""
        replaced = row.get("replaces")
        if not replaced or check_uuid(replaced) is None:
            return
        credential = None if self._find_record is None else self._find_record(replaced)
        if credential is None and (identifier := canonical_uuid(replaced)) != replaced:
            credential = identifier
        row.values["replaces"] = credential or replaced
        if credential is None:
            detail = "is not an id of a credential (a UUID)"
            if self._find_record is not None:
                detail += ", nor a record of yours that was issued"
            row.refuse("replaces", replaced, detail)


class _Row:
    """A row that is being checked: its texts, and its problems so far."""

    __slots__ = ("faulty", "keep_columns", "line", "problems", "values")

    def __init__(self, line: int, values: dict[str, str], keep_columns: Collection[str]) -> None:
        self.line = line
        self.values = values
        self.keep_columns = keep_columns
        self.problems: list[Problem] = []
        self.faulty: Collection[str] = ()
        """Columns with a fault in their characters, which are not checked further."""

    def get(self, name: str) -> str:
        """Return the text of a column; empty if there is none, or its characters are faulty."""
        return "" if name in self.faulty else self.values.get(name) or ""

    def refuse(self, name: str, value: str, detail: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(f"line {self.line}", name, display_value(name, value), detail))


class _Offer(NamedTuple):
    """An achievement that the university offers or offered."""

    ects: tuple[int | float | None, ...]
    """ECTS credits of each version, the first to the last."""
    is_retired: bool


class _Days(NamedTuple):
    """The days of a row, compared with each other and with today."""

    is_ahead: bool
    """True if the awarding date is to come."""
    is_over: bool
    """True if the last day of validity has passed."""
    begin: dt.date | None = None
    """Day from which the credential is to be published, where that is to come."""
