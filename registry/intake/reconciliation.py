"""Reconciliation of a term: the awards in the university's own system compared with those on the log.

Rows are read in batches, and the credentials that they name are in a temporary table, so that a term of any length
takes the same memory. A reconciliation changes nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal, NamedTuple, Protocol, Self

import msgspec
import psycopg

from registry.application.records import find_credentials
from registry.application.registry import Registry
from registry.intake.rows.days import Order, day_fault, read_day
from registry.intake.rows.json_numbers import column_fault
from registry.intake.rows.plain_rows import PlainRows, Row
from registry.intake.rows.report import Catalogue
from registry.intake.rows.row_texts import character_fault
from registry.values.broken_text import broken_text_fault
from registry.values.persons import identifier_fault, normalise_identifier
from registry.values.uuids import canonical_uuid
from registry.wire.forms import check_uuid

NEEDED: Final = ("record", "achievement|course", "awarding_date")
COLUMNS: Final = ("record", "achievement", "course", "version", "awarding_date", "ects", "status")
STATUSES: Final = ("active", "suspended", "revoked", "replaced")
Kind = Literal["missingHere", "missingThere", "differs", "revokedHere", "unreadable"]
_BATCH: Final = 1000
_MOST: Final = 2000
_REMEMBERED: Final = 100_000
_CREDITS: Final = re.compile(r"\d{1,6}(\.\d{0,6})?|\.\d{1,6}")
_DECIMAL_COMMA: Final = re.compile(r"\d{1,6},\d{1,6}")


class PublishedAward(msgspec.Struct, frozen=True):
    """One of this university's credentials on its log: the fields that a row is compared with.

    The office's `CredentialFacts` also say what other members did with a credential, which is read one credential at a
    time; here a whole term is read in pages.
    """

    credential: str
    achievement: str
    version: int
    awarding_date: str
    ects: float | None
    status: str


class AwardLookup(Protocol):
    """A port onto this university's credentials in the views, as far as the node has read its log."""

    def find_awards(self, credentials: Sequence[str]) -> Mapping[str, PublishedAward]:
        """Return the credentials that are on the log, by their ids."""
        ...

    def list_awarded(self, begin: dt.date, end: dt.date) -> Iterator[PublishedAward]:
        """Yield all that were awarded from `begin` to `end`, inclusive, with one page in memory at a time."""
        ...


class Difference(msgspec.Struct, frozen=True, rename="camel"):
    """A difference between a row and the log."""

    kind: Kind
    line: int
    """Line of the row; 0 for a credential that no row names."""
    record: str
    credential: str | None
    field: str
    there: str
    """The value in the university's system."""
    here: str
    """The value on the log."""
    detail: str


class Counts(msgspec.Struct, rename="camel"):
    """Counts of a reconciliation."""

    rows: int = 0
    agreeing: int = 0
    outside: int = 0
    """Rows of another term, here and there."""
    missing_here: int = 0
    missing_there: int = 0
    differing: int = 0
    revoked_here: int = 0
    unreadable: int = 0

    @property
    def differences(self) -> int:
        """Rows and credentials that do not agree."""
        return self.missing_here + self.missing_there + self.differing + self.revoked_here + self.unreadable


class JudgedRow(NamedTuple):
    """A row and its differences; a credential that no row names has line 0."""

    line: int
    differences: list[Difference]


class Reconciliation:
    """One reconciliation. A context: it holds a connection."""

    def __init__(
        self, registry: Registry, on_log: AwardLookup, catalogue: Catalogue, begin: dt.date, end: dt.date
    ) -> None:
        self._registry = registry
        self._on_log = on_log
        self._catalogue = catalogue
        self._begin = begin
        self._end = end
        self.counts = Counts()
        self._lines: dict[str, int] = {}
        """Lines of the first rows, by their records, to name the earlier one of a repeated row."""

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._registry.dsn, autocommit=True)
        self._connection.execute("CREATE TEMPORARY TABLE seen (credential uuid PRIMARY KEY)")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, rows: PlainRows, *, dates: Order | None = None) -> Iterator[JudgedRow]:
        """Judge each row in order, and then each credential of the term that no row names.

        `dates` is the order in days that are not `YYYY-MM-DD`. Raises `IntakeError` where there is no row.
        """
        reader = _RowReader(dates, rows.decimal_comma)
        iterator = iter(rows)
        while batch := list(islice(iterator, _BATCH)):
            yield from self._judge(batch, reader)
        if reader.commas:
            rows.notes.append(f"ects: decimal commas were read as decimal points in {reader.commas:,} rows")
        yield from self._judge_unnamed()

    def _judge(self, batch: Sequence[Row], reader: "_RowReader") -> Iterator[JudgedRow]:
        read = [(line, reader.read(line, row)) for line, row in batch]
        credentials = find_credentials(self._registry, (row.raw_record for _, row in read if isinstance(row, _Row)))
        on_log = self._on_log.find_awards(list(credentials.values()))
        new = self._note_named(list(credentials.values()))
        for line, row in read:
            self.counts.rows += 1
            if not isinstance(row, _Row):
                self.counts.unreadable += 1
                yield JudgedRow(line, row)
                continue
            credential = credentials.get(row.raw_record)
            if credential is not None and credential not in new:
                self.counts.unreadable += 1
                earlier = self._lines.get(row.record)
                detail = "is in the file twice" + (f"; line {earlier} has it, too" if earlier else "")
                yield JudgedRow(line, [row.differs("unreadable", "record", credential, "", detail)])
                continue
            if len(self._lines) < _REMEMBERED:
                self._lines[row.record] = line
            new.discard(credential or "")
            yield JudgedRow(line, self._compare(row, credential, on_log.get(credential or "")))

    def _note_named(self, credentials: Sequence[str]) -> set[str]:
        """Note that rows name these credentials; return those that no earlier row named."""
        rows = self._connection.execute(
            "INSERT INTO seen SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING RETURNING credential::text",
            (list(credentials),),
        )
        return {credential for (credential,) in rows}

    # One row

    def _compare(self, row: "_Row", credential: str | None, here: PublishedAward | None) -> list[Difference]:
        counts = self.counts
        days = {row.awarding_date} | ({here.awarding_date} if here is not None else set())
        if not any(self._begin.isoformat() <= day <= self._end.isoformat() for day in days):
            counts.outside += 1
            return []
        if here is None:
            if row.status in ("revoked", "replaced") and credential is None:
                counts.agreeing += 1
                return []
            counts.missing_here += 1
            why = "was not issued here" if credential is None else "was issued here, and is not on the log yet"
            return [row.differs("missingHere", "record", credential, "", why)]
        differences = self._list_differences(row, here)
        if not differences:
            counts.agreeing += 1
        elif any(difference.kind == "revokedHere" for difference in differences):
            counts.revoked_here += 1
        else:
            counts.differing += 1
        return differences

    def _list_differences(self, row: "_Row", here: PublishedAward) -> list[Difference]:
        differences: list[Difference] = []

        def differs(field: str, there: object, on_log: object, detail: str, kind: Kind = "differs") -> None:
            differences.append(row.differs(kind, field, here.credential, str(on_log), detail, str(there)))

        achievement, version = row.achievement, row.version
        if row.course:
            mapped = self._catalogue.course(row.course)
            if mapped is None:
                differs("course", row.course, here.achievement, "is not a course code here; map it")
            else:
                achievement, version = mapped[0], version if version is not None else mapped[1]
        if achievement and achievement != here.achievement:
            differs("achievement", achievement, here.achievement, "is another achievement")
        elif version is not None and version != here.version:
            differs("version", version, here.version, "is another version")
        if row.awarding_date != here.awarding_date:
            differs("awarding_date", row.awarding_date, here.awarding_date, "is another day")
        if row.ects is not None and row.ects != here.ects:
            differs("ects", f"{row.ects:g}", "" if here.ects is None else f"{here.ects:g}", "are other credits")
        if row.status != here.status:
            revoked = here.status == "revoked" and row.status == "active"
            detail = "is revoked here, and active there" if revoked else "is another status"
            differs("status", row.status, here.status, detail, "revokedHere" if revoked else "differs")
        return differences

    # Credentials that no row names

    def _judge_unnamed(self) -> Iterator[JudgedRow]:
        awarded = self._on_log.list_awarded(self._begin, self._end)
        while batch := list(islice(awarded, _BATCH)):
            rows = self._connection.execute(
                "SELECT credential::text FROM seen WHERE credential = ANY(%s::uuid[])",
                ([each.credential for each in batch],),
            )
            named = {credential for (credential,) in rows}
            for each in batch:
                if each.credential not in named and each.status in ("active", "suspended"):
                    self.counts.missing_there += 1
                    detail = f"was awarded here on {each.awarding_date}, and no row names it"
                    yield JudgedRow(
                        0,
                        [Difference("missingThere", 0, "", each.credential, "record", "", each.achievement, detail)],
                    )


class _Row(msgspec.Struct, frozen=True):
    line: int
    record: str
    raw_record: str
    """The record as it is written: an earlier version stored it in this form."""
    achievement: str
    course: str
    version: int | None
    awarding_date: str
    ects: float | None
    status: str

    def differs(
        self, kind: Kind, field: str, credential: str | None, here: str, detail: str, there: str = ""
    ) -> Difference:
        return Difference(kind, self.line, self.record, credential, field, there[:80], here, detail)


class _RowReader:
    """Reads rows whose days and numbers are in the form of one file."""

    def __init__(self, dates: Order | None, decimal_comma: bool) -> None:  # noqa: FBT001 - made in one place only
        self._dates = dates
        self._decimal_comma = decimal_comma
        self.commas = 0
        """Rows whose decimal comma was read as a point."""

    def read(self, line: int, row: Mapping[str, Any] | str) -> "_Row | list[Difference]":
        """Return a row, or all its problems as differences."""
        differences: list[Difference] = []

        def add(field: str, value: object, detail: str) -> None:
            differences.append(Difference("unreadable", line, "", None, field, str(value)[:80], "", detail))

        if isinstance(row, str):
            add("", "", row)
            return differences
        values: dict[str, str] = {}
        for name in COLUMNS:
            value = row.get(name)
            if (fault := column_fault(name, value)) is not None:
                add(name, "", fault)
                continue
            text = "" if value is None else str(value)
            if len(text) > _MOST:
                add(name, "", f"is longer than {_MOST:,} characters")
                continue
            values[name] = normalise_identifier(text)
            if (fault := _text_fault(name, text, values[name])) is not None:
                add(name, values[name], fault)
        if not differences:
            self._check(values, add)
        if differences:
            return differences
        version, ects = values["version"], values["ects"]
        return _Row(
            line,
            values["record"],
            str(row["record"]),
            values["achievement"],
            values["course"],
            int(version) if version else None,
            values["awarding_date"],
            float(ects) if ects else None,
            values["status"].lower() or "active",
        )

    def _check(self, values: dict[str, str], add: Callable[[str, object, str], None]) -> None:
        """Add the problems of the values; write the day and the credits in their one form."""
        if not values["record"]:
            add("record", "", "is empty; every row needs it")
        if not values["achievement"] and not values["course"]:
            add("achievement", "", "is empty; give it, or a course code")
        values["achievement"] = canonical_uuid(values["achievement"])
        if values["achievement"] and check_uuid(values["achievement"]) is not None:
            add("achievement", values["achievement"], "is not an id of an achievement (a UUID)")
        stated = values["awarding_date"]
        day = read_day(stated, self._dates)
        if not stated:
            add("awarding_date", "", "is empty; every row needs it")
        elif day is None:
            add("awarding_date", stated, day_fault(stated, self._dates))
        else:
            values["awarding_date"] = day
        if values["status"] and values["status"].lower() not in STATUSES:
            add("status", values["status"], f"is one of {', '.join(STATUSES)}; empty is active")
        version, ects = values["version"], values["ects"]
        if version and not (version.isascii() and version.isdigit() and len(version) < 9):
            add("version", version, "a version is 1, 2, 3 …, or empty")
        if ects and self._decimal_comma and _DECIMAL_COMMA.fullmatch(ects):
            values["ects"] = ects.replace(",", ".")
            self.commas += 1
        elif ects and not _CREDITS.fullmatch(ects):
            add("ects", ects, "is not a number of credits like 5 or 2.5; write a point, not a comma")


def _text_fault(name: str, stated: str, text: str) -> str | None:
    """Return the fault of the characters of a value, as it was sent and normalised; None if it has none."""
    fault = character_fault(stated) or broken_text_fault(text)
    if fault is None and name in ("record", "course"):
        fault = identifier_fault(text)
    return fault
