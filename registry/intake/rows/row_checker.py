"""The check of one credential row against the columns and the catalogue. Tables, NDJSON, events and forms share it."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from registry.application.requests import IssueRequest
from registry.intake.rows import parts
from registry.intake.rows.columns import DAYS, EXAMPLE_RECORD, GRADES, shown_value
from registry.intake.rows.days import Order, day_fault, orders_of, read_day
from registry.intake.rows.grades import grade_fault
from registry.intake.rows.judged_days import AHEAD, judge_days
from registry.intake.rows.report import Catalogue, Problem, Problems
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
        self._known: dict[str, tuple[tuple[int | float | None, ...], bool] | None] = {}
        self._courses: dict[str, tuple[str, int | None] | None] = {}
        self._commas = 0
        self._ahead = 0
        self._over = 0
        self._orders: Counter[tuple[str, str]] = Counter()

    def check(self, line: int, row: Mapping[str, str], *, keep_columns: Collection[str] = ()) -> CheckedRow | None:
        """Check a row: a request or all its problems; None for the template's example.

        `row` has text for each column of the file; empty text counts as none. Surrounding spaces are removed.
        Identifiers and names are checked in their normalised spelling, but the request has them as the row does: what
        an earlier version stored is found by that spelling, too (`IssueRequest.normalise`). `keep_columns` are those
        whose text is right although it looks as if it were in a wrong encoding.
        """
        problems: list[Problem] = []
        values = self._clean(line, row, keep_columns, problems)
        faulty = {problem.field for problem in problems}
        if values.get("record") == EXAMPLE_RECORD:
            return None
        self._check_person(line, values, faulty, keep_columns, problems)
        days = self._check_days(line, values, faulty, problems)
        number = self._check_offer(line, values, faulty, problems)
        if "replaces" not in faulty:
            self._check_replaced(line, values, problems)
        stacked = parts.parse(values.get("parts") or "") if "parts" not in faulty else []
        if isinstance(stacked, str):
            problems.append(_problem(line, "parts", values["parts"], stacked))
            stacked = []
        if problems:
            return CheckedRow(tuple(problems))
        self._ahead += days.is_ahead
        self._over += days.is_over
        request = IssueRequest(
            row["record"].strip(),
            values["achievement"],
            number,
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

    def _check_replaced(self, line: int, values: dict[str, str], problems: list[Problem]) -> None:
        """Replace a record in `replaces` by the id of its credential."""
        replaced = values.get("replaces")
        if not replaced or check_uuid(replaced) is None:
            return
        if self._find_record is None:
            values["replaces"] = canonical_uuid(replaced)
            if values["replaces"] != replaced:
                return
            problems.append(_problem(line, "replaces", replaced, "is not an id of a credential (a UUID)"))
        elif (credential := self._find_record(replaced)) is not None:
            values["replaces"] = credential
        elif (identifier := canonical_uuid(replaced)) != replaced:
            values["replaces"] = identifier
        else:
            detail = "is not an id of a credential (a UUID), nor a record of yours that was issued"
            problems.append(_problem(line, "replaces", replaced, detail))

    def notes(self) -> list[str]:
        """Return notes on all rows that were checked: values that were read differently, and doubtful days."""
        notes = []
        if self._commas:
            notes.append(f"ects: decimal commas were read as decimal points in {self._commas:,} rows, 5,0 as 5.0")
        if self._ahead:
            rows = "1 row has a day" if self._ahead == 1 else f"{self._ahead:,} rows have a day"
            notes.append(f"awarding_date: {rows} to come; check that the award is certain")
        if self._over:
            rows = "1 row has a day" if self._over == 1 else f"{self._over:,} rows have a day"
            notes.append(f"valid_until: {rows} that has passed; the credential is expired from the start")
        for name in DAYS:
            certain = [order for order in ("dmy", "mdy") if self._orders[(name, order)]]
            if len(certain) == 1:
                count = self._orders[(name, certain[0])]
                notes.append(f"{name}: {count:,} of its days can be read as {certain[0]} only: --dates {certain[0]}")
            elif certain:
                notes.append(f"{name}: some of its days are written day, month, year and some month, day, year")
        return notes

    def _clean(
        self, line: int, row: Mapping[str, str], keep_columns: Collection[str], problems: list[Problem]
    ) -> dict[str, str]:
        """Return the row's texts in their normalised spelling, and add what is wrong with their characters."""
        values = dict(row)
        if is_plain(values.values()):
            return values
        for name, value in values.items():
            if value:
                values[name], fault = clean_text(name, value, keep_text=self._keep_text or name in keep_columns)
                if fault is not None:
                    problems.append(_problem(line, name, values[name], fault))
        return values

    def _check_person(
        self,
        line: int,
        values: Mapping[str, str],
        faulty: Collection[str],
        keep_columns: Collection[str],
        problems: list[Problem],
    ) -> None:
        if not all(map(values.get, _FILLED)):
            problems += [
                _problem(line, name, "", "is empty; every row needs it")
                for name in _FILLED
                if not values.get(name) and name not in faulty
            ]
        usual = not values.get("national_id") and are_usual(
            values.get("record", ""),
            values.get("student", ""),
            values.get("family_name", ""),
            values.get("given_name", ""),
        )
        for name, check in () if usual else _IDENTIFIERS:
            value = values.get(name)
            if value and name not in faulty and (fault := check(value)) is not None:
                problems.append(_problem(line, name, value, fault))
        for name in GRADES:
            value = values.get(name)
            if not value or name in faulty:
                continue
            if (fault := grade_fault(value, keep_text=self._keep_text or name in keep_columns)) is not None:
                problems.append(_problem(line, name, value, fault))
        if usual:
            return
        for name in _PERSONS_NAMES:
            value = values.get(name)
            fault = None
            if value is None:
                fault = "is missing; give it, empty for a person who has one name only"
            elif value and name not in faulty:
                if not value[0].isalpha():
                    fault = name_fault(value)
                doubt = None if self._keep_text or name in keep_columns else doubtful_name(value)
                if fault is None and doubt is not None:
                    fault = doubt + _WHERE_IT_IS_THE_NAME
            if fault is not None:
                problems.append(_problem(line, name, value or "", fault))
        names = values.get("family_name") or "", values.get("given_name") or ""
        swapped = swapped_fault(values.get("student") or "", *names)
        if swapped is not None and not (self._keep_text or "student" in keep_columns or "student" in faulty):
            problems.append(_problem(line, "student", values["student"], swapped + _WHERE_IT_IS_THE_NAME))
        stated = values.get("family_name"), values.get("given_name")
        if stated != (None, None) and not any(stated):
            detail = "is empty, and so is given_name; every row needs one of them"
            problems.append(_problem(line, "family_name", "", detail))

    def _check_days(
        self, line: int, values: dict[str, str], faulty: Collection[str], problems: list[Problem]
    ) -> "_Days":
        """Write the days of a row in the form YYYY-MM-DD, and check them against each other."""
        days: dict[str, str] = {}
        for name in DAYS:
            stated = values.get(name)
            if not stated or name in faulty:
                continue
            day = read_day(stated, self._dates)
            if day is None:
                problems.append(_problem(line, name, stated, day_fault(stated, self._dates)))
                if self._dates is None and "." not in stated and len(orders := orders_of(stated)) == 1:
                    self._orders[(name, orders[0])] += 1
            else:
                days[name] = values[name] = day
        today = dt.datetime.now(dt.UTC).date()
        judged = judge_days(days.get("date_of_birth"), days.get("awarding_date"), days.get("valid_until"), today)
        if judged.faults:
            problems += [_problem(line, name, days[name], detail) for name, detail in judged.faults]
        begin = days.get("valid_from")
        if begin is None:
            return _Days(judged.is_ahead, judged.is_over)
        first_day = dt.date.fromisoformat(begin)
        if (fault := self._begin_fault(first_day, days.get("valid_until"), today)) is not None:
            problems.append(_problem(line, "valid_from", begin, fault))
        return _Days(judged.is_ahead, judged.is_over, first_day if first_day > today else None)

    def _begin_fault(self, day: dt.date, until: str | None, today: dt.date) -> str | None:
        """Return what is wrong with the day from which a credential is valid, or None."""
        if until is not None and until < day.isoformat():
            return "lies after valid_until"
        if day > today + AHEAD:
            return "lies more than a year ahead; is its year right?"
        if day > today and not self._schedules:
            return "its day has not come; send it in a batch, which waits for it, or send it again then"
        return None

    def _check_offer(
        self, line: int, values: dict[str, str], faulty: Collection[str], problems: list[Problem]
    ) -> int | None:
        """Check what is awarded, and return its version (None: the newest)."""
        self._check_ects(line, values, faulty, problems)
        if values.get("course") and not {"course", "achievement"} & set(faulty):
            fault = self._find_course(line, values)
            if fault is not None:
                problems.append(fault)
                return None
        version, number = values.get("version") or "", None
        if version and "version" not in faulty:
            if version.isascii() and version.isdigit() and 0 < int(version[:10]) < 2**31:
                number = int(version[:10])
            else:
                problems.append(_problem(line, "version", version, "a version is 1, 2, 3 …"))
                faulty = {*faulty, "version"}
        achievement = values.get("achievement") or ""
        if achievement and achievement not in self._known:
            achievement = values["achievement"] = canonical_uuid(achievement)
        if {"achievement", "course"} & set(faulty):
            return None
        if not achievement:
            problems.append(_problem(line, "achievement", "", "is empty; every row needs it, or a course code"))
        elif achievement not in self._known and check_uuid(achievement) is not None:
            detail = "is not an id of an achievement (a UUID)"
            problems.append(_problem(line, "achievement", achievement, detail))
        elif (wrong := self._offer_fault(values, number, checks_ects="ects" not in faulty)) is not None:
            problems.append(_problem(line, *wrong))
        return number

    def _check_ects(self, line: int, values: dict[str, str], faulty: Collection[str], problems: list[Problem]) -> None:
        stated = values.get("ects")
        if not stated or "ects" in faulty or _ECTS.fullmatch(stated):
            return
        if self._decimal_comma and _DECIMAL_COMMA.fullmatch(stated):
            values["ects"] = stated.replace(",", ".")
            self._commas += 1
            return
        hint = "; write a point, not a comma" if "," in stated else ""
        problems.append(_problem(line, "ects", stated, f"credits are a number like 5 or 2.5{hint}"))

    def _find_course(self, line: int, values: dict[str, str]) -> Problem | None:
        """Add the achievement, and the version, that the row's course code stands for."""
        code = values["course"]
        if code not in self._courses:
            self._courses[code] = self._catalogue.course(code)
        mapped = self._courses[code]
        if values.get("achievement"):
            values["achievement"] = canonical_uuid(values["achievement"])
        if mapped is None:
            return _problem(line, "course", code, "is no course code here; the table of course codes lacks it")
        achievement, version = mapped
        if values.get("achievement", achievement) not in ("", achievement):
            return _problem(line, "course", code, f"stands for achievement {achievement}; the row names another")
        values["achievement"] = achievement
        if not values.get("version") and version is not None:
            values["version"] = str(version)
        return None

    def _offer_fault(
        self, values: Mapping[str, str], version: int | None, *, checks_ects: bool
    ) -> tuple[str, str, str] | None:
        achievement = values["achievement"]
        if achievement not in self._known:
            ects = self._catalogue.ects(achievement)
            self._known[achievement] = None if ects is None else (ects, self._catalogue.is_retired(achievement))
        known = self._known[achievement]
        if known is None:
            return "achievement", achievement, "is not offered here: no published achievement has this id"
        offered, retired = known
        if retired and not values.get("replaces"):
            return "achievement", achievement, "is retired; it is only issued to correct a credential"
        if version is not None and version > len(offered):
            return "version", str(version), f"the newest version is {len(offered)}"
        stated = values.get("ects")
        if stated and checks_ects and _ECTS.fullmatch(stated):
            worth = offered[(version or len(offered)) - 1]
            if worth is None:
                return "ects", stated, "the achievement is not credit-bearing; leave it empty"
            if float(stated) != worth:
                return "ects", stated, f"the achievement is worth {worth} ECTS"
        return None


class _Days(NamedTuple):
    """The days of a row, compared with each other and with today."""

    is_ahead: bool
    """True if the awarding date is to come."""
    is_over: bool
    """True if the last day of validity has passed."""
    begin: dt.date | None = None
    """Day from which the credential is to be published, where that is to come."""


def _problem(line: int, name: str, value: str, detail: str) -> Problem:
    return Problem(f"line {line}", name, shown_value(name, value), detail)
