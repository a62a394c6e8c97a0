"""Reconciling a term: what the university's own system says was awarded, against what is on the log.

Rows stream through in batches, and what was seen is kept in a table of the database that is gone with the
connection: a term of any length takes the same memory. Nothing is changed by it.
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
    """One of this university's credentials as its log has it: the fields that a row is compared with.

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
        """Return these credentials by their ids; those that are not on the log are left out."""
        ...

    def list_awarded(self, begin: dt.date, end: dt.date) -> Iterator[PublishedAward]:
        """Yield all that were awarded from `begin` to `end`, both included, a page of them in memory at a time."""
        ...


class Difference(msgspec.Struct, frozen=True, rename="camel"):
    """Something in which the two do not agree."""

    kind: Kind
    line: int
    """The row; 0 where only the log has it."""
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
    """Rows that were awarded before or after, here and there."""
    missing_here: int = 0
    missing_there: int = 0
    differing: int = 0
    revoked_here: int = 0
    unreadable: int = 0

    @property
    def differences(self) -> int:
        """Rows and credentials that do not agree."""
        return self.missing_here + self.missing_there + self.differing + self.revoked_here + self.unreadable


class Judged(NamedTuple):
    """A row, and in what it differs; a credential that no row names has line 0."""

    line: int
    differences: list[Difference]


class Reconciling:
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
        """Lines of the first rows, by their records: a row that is there twice names the earlier one."""

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._registry.dsn, autocommit=True)
        self._connection.execute("CREATE TEMPORARY TABLE seen (credential uuid PRIMARY KEY)")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, rows: PlainRows, *, dates: Order | None = None) -> Iterator[Judged]:
        """Judge every row, in their order, and then every credential of the term that no row names.

        `dates`: how days are written that are not `YYYY-MM-DD`. Raises `IntakeError` where there is no row.
        """
        reading = _Reading(dates, rows.decimal_comma)
        iterator = iter(rows)
        while batch := list(islice(iterator, _BATCH)):
            yield from self._judge(batch, reading)
        if reading.commas:
            rows.notes.append(f"ects: decimal commas were read as decimal points in {reading.commas:,} rows")
        yield from self._unnamed()

    def _judge(self, batch: Sequence[Row], reading: "_Reading") -> Iterator[Judged]:
        read = [(line, reading.read(line, row)) for line, row in batch]
        credentials = find_credentials(self._registry, (row.raw_record for _, row in read if isinstance(row, _Row)))
        known = self._on_log.find_awards(list(credentials.values()))
        fresh = self._see(list(credentials.values()))
        for line, row in read:
            self.counts.rows += 1
            if not isinstance(row, _Row):
                self.counts.unreadable += 1
                yield Judged(line, row)
                continue
            credential = credentials.get(row.raw_record)
            if credential is not None and credential not in fresh:
                self.counts.unreadable += 1
                earlier = self._lines.get(row.record)
                detail = "is in the file twice" + (f"; line {earlier} has it, too" if earlier else "")
                yield Judged(line, [row.differs("unreadable", "record", credential, "", detail)])
                continue
            if len(self._lines) < _REMEMBERED:
                self._lines[row.record] = line
            fresh.discard(credential or "")
            yield Judged(line, self._compare(row, credential, known.get(credential or "")))

    def _see(self, credentials: Sequence[str]) -> set[str]:
        """Note these as named; gives those that were not before."""
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
        found = self._differences(row, here)
        if not found:
            counts.agreeing += 1
        elif any(one.kind == "revokedHere" for one in found):
            counts.revoked_here += 1
        else:
            counts.differing += 1
        return found

    def _differences(self, row: "_Row", here: PublishedAward) -> list[Difference]:
        found: list[Difference] = []

        def differs(field: str, there: object, on_log: object, detail: str, kind: Kind = "differs") -> None:
            found.append(row.differs(kind, field, here.credential, str(on_log), detail, str(there)))

        achievement, version = row.achievement, row.version
        if row.course:
            mapped = self._catalogue.course(row.course)
            if mapped is None:
                differs("course", row.course, here.achievement, "is no course code here; map it")
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
        return found

    # What no row names

    def _unnamed(self) -> Iterator[Judged]:
        awarded = self._on_log.list_awarded(self._begin, self._end)
        while batch := list(islice(awarded, _BATCH)):
            rows = self._connection.execute(
                "SELECT credential::text FROM seen WHERE credential = ANY(%s::uuid[])",
                ([one.credential for one in batch],),
            )
            seen = {credential for (credential,) in rows}
            for one in batch:
                if one.credential not in seen and one.status in ("active", "suspended"):
                    self.counts.missing_there += 1
                    detail = f"was awarded here on {one.awarding_date}, and no row names it"
                    yield Judged(
                        0,
                        [Difference("missingThere", 0, "", one.credential, "record", "", one.achievement, detail)],
                    )


class _Row(msgspec.Struct, frozen=True):
    line: int
    record: str
    raw_record: str
    """As it is written: an earlier version stored it so."""
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


class _Reading:
    """The form of days and numbers in the rows."""

    def __init__(self, dates: Order | None, decimal_comma: bool) -> None:  # noqa: FBT001 - made in one place only
        self._dates = dates
        self._decimal_comma = decimal_comma
        self.commas = 0
        """Rows whose decimal comma was read as a point."""

    def read(self, line: int, row: Mapping[str, Any] | str) -> "_Row | list[Difference]":
        """Return a row, or all that is wrong with it."""
        wrong: list[Difference] = []

        def add(field: str, value: object, detail: str) -> None:
            wrong.append(Difference("unreadable", line, "", None, field, str(value)[:80], "", detail))

        if isinstance(row, str):
            add("", "", row)
            return wrong
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
        if not wrong:
            self._check(values, add)
        if wrong:
            return wrong
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
        """Add what is wrong with the values; put the day and the credits into their one form."""
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
    """Return what is wrong with the characters of a value, as it stands and as it is meant."""
    fault = character_fault(stated) or broken_text_fault(text)
    if fault is None and name in ("record", "course"):
        fault = identifier_fault(text)
    return fault
