"""The mapping table: the achievement and version that each of the university's own course codes stands for."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.errors import UnknownAchievement
from registry.intake.rows.days import orders_of
from registry.intake.rows.plain_rows import PlainRows
from registry.intake.rows.report import Problem, Readable
from registry.intake.rows.row_texts import character_fault
from registry.values.broken_text import broken_text_fault
from registry.values.formulas import begins_formula
from registry.values.persons import normalise_identifier, record_fault
from registry.values.uuids import canonical_uuid
from registry.wire.forms import check_uuid

COLUMNS: Final = ("code", "achievement", "version")
MOST_CHARACTERS: Final = 200
_MOST_LISTED: Final = 500


class CourseCode(msgspec.Struct, frozen=True):
    """A course code, and the achievement that it stands for."""

    code: str
    achievement: str
    version: int | None = None
    """None: the newest when a credential is issued."""

    def text(self, field: str) -> str:
        """Return the value of a field as text."""
        value = getattr(self, field)
        return "" if value is None else str(value)


class CodeChange(msgspec.Struct, frozen=True):
    """A course code that stands for another achievement or version than before."""

    code: str
    was: str
    """The title of the achievement before, with its version where the code names one."""
    now: str

    def __str__(self) -> str:
        return f"{self.code} was {self.was}, is now {self.now}"


class CourseCodes:
    """The table of one university. For one thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find(self, code: str) -> CourseCode | None:
        """Return the mapping of a code; None for an unknown code."""
        row = (
            self._registry.cursor()
            .execute(
                # A table of an earlier version may have codes as they were typed.
                "SELECT code, achievement::text, version FROM intake.course_codes WHERE code = ANY(%s)"
                " ORDER BY code = %s DESC LIMIT 1",
                ([_storable(code), _storable(normalise_identifier(code))], _storable(code)),
            )
            .fetchone()
        )
        return CourseCode(**row) if row is not None else None

    def read_page(self, limit: int, after: str = "") -> list[CourseCode]:
        """Return the codes in their order, after a code."""
        rows = self._registry.cursor().execute(
            "SELECT code, achievement::text, version FROM intake.course_codes WHERE code > %s ORDER BY code LIMIT %s",
            (_storable(after), limit),
        )
        return [CourseCode(**row) for row in rows.fetchall()]

    def list_of(self, achievement: str) -> list[CourseCode]:
        """Return the codes that stand for an achievement, in their order."""
        rows = self._registry.cursor().execute(
            "SELECT code, achievement::text, version FROM intake.course_codes WHERE achievement = %s"
            " ORDER BY code LIMIT %s",
            (achievement, _MOST_LISTED),
        )
        return [CourseCode(**row) for row in rows.fetchall()]

    def find_faults(self, code: CourseCode) -> list[tuple[str, str]]:
        """Return all faults of an entry, each with its field."""
        fault = code_fault(code.code)
        faults = [("code", fault)] if fault is not None else []
        if check_uuid(code.achievement) is not None:
            return [*faults, ("achievement", "is not an id of an achievement (a UUID)")]
        try:
            state = self._registry.achievements.get(code.achievement).state
        except UnknownAchievement:
            return [*faults, ("achievement", "is not offered here: no published achievement has this id")]
        if code.version is not None and not 1 <= code.version <= state.version:
            faults.append(("version", f"is not a version of it; the newest is {state.version}"))
        return faults

    def list_changes(self, entries: Sequence[CourseCode]) -> list[CodeChange]:
        """Return the changes that `change` would make. Call it before; the entries are checked."""
        rows = self._registry.cursor().execute(
            "SELECT code, achievement::text, version FROM intake.course_codes WHERE code = ANY(%s)",
            ([normalise_identifier(entry.code) for entry in entries],),
        )
        earlier = {row["code"]: CourseCode(**row) for row in rows.fetchall()}
        changes = []
        for entry in entries:
            before = earlier.get(normalise_identifier(entry.code))
            if before is None or (before.achievement, before.version) == (entry.achievement, entry.version):
                continue
            was, now = self._describe(before), self._describe(entry)
            if was == now:
                was, now = f"{was} ({before.achievement})", f"{now} ({entry.achievement})"
            changes.append(CodeChange(before.code, was, now))
        return changes

    def _describe(self, entry: CourseCode) -> str:
        """Return the title of an entry's achievement, and its version if the entry names one."""
        try:
            titles = self._registry.achievements.get(entry.achievement).content.title
        except UnknownAchievement:
            titles = {}
        title = titles.get("en") or next(iter(titles.values()), entry.achievement)
        return title if entry.version is None else f"{title}, version {entry.version}"

    def change(
        self,
        entries: Sequence[CourseCode],
        removed: Sequence[str] = (),
        transaction: Transaction | None = None,
    ) -> None:
        """Set these codes, which the caller has checked, and remove others, in one transaction."""
        with self._registry.join(transaction) as joined:
            joined.add(_MappingRows(entries, removed))

    def remove(self, code: str) -> bool:
        """Remove a code; return False if it does not exist."""
        exists = self.find(code) is not None
        self.change([], [code])
        return exists


class _MappingRows:
    def __init__(self, entries: Sequence[CourseCode], removed: Sequence[str]) -> None:
        self._entries = entries
        self._removed = [_storable(code) for code in removed]

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the rows."""
        if self._removed:
            cursor.execute("DELETE FROM intake.course_codes WHERE code = ANY(%s)", (self._removed,))
        now = datetime.now(UTC)
        if self._entries:
            cursor.executemany(
                "INSERT INTO intake.course_codes (code, achievement, version, changed) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (code) DO UPDATE SET achievement = excluded.achievement, version = excluded.version,"
                " changed = excluded.changed",
                [(normalise_identifier(entry.code), entry.achievement, entry.version, now) for entry in self._entries],
            )


def _storable(code: str) -> str:
    """Return a text that the database accepts. A code with a NUL is not in the table, and is not found."""
    return code.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def code_fault(code: str) -> str | None:
    """Return the fault of the text of a code, or None."""
    if (fault := character_fault(code)) is not None:
        return fault
    text = normalise_identifier(code)
    if not text or len(text) > MOST_CHARACTERS or not text.isprintable():
        return f"is not a text of 1 to {MOST_CHARACTERS} printable characters"
    if begins_formula(text):
        return "begins with a character that a spreadsheet would run as a formula"
    if orders_of(text):
        return "is a date: a spreadsheet rewrote the code; format the column as text and write the code again"
    return record_fault(text) or broken_text_fault(text)


class CourseCodeRows:
    """The entries of a table with the columns code, achievement and version."""

    def __init__(self, content: Readable) -> None:
        """Read the header. Raises `IntakeError` where it lacks a column."""
        self._rows = PlainRows(content, "table", COLUMNS, COLUMNS[:2])
        self.notes = self._rows.notes

    def __iter__(self) -> Iterator[tuple[int, CourseCode | Problem]]:
        """Yield the line of each row, and its entry or problem. Raises `IntakeError` where there is no row.

        A code that the file has twice with different achievements or versions is a problem in each of its rows, because
        it is not clear which is right.
        """
        rows = list(self._rows)
        meanings: dict[str, dict[tuple[str, str], int]] = {}
        for line, row in rows:
            if not isinstance(row, str):
                meaning = canonical_uuid(normalise_identifier(row["achievement"])), row.get("version", "")
                meanings.setdefault(normalise_identifier(row["code"]), {}).setdefault(meaning, line)
        self._note_similar(meanings)
        first_lines: dict[str, int] = {}
        for line, row in rows:
            if isinstance(row, str):
                yield line, Problem(f"line {line}", "", "", row)
                continue
            code = normalise_identifier(row["code"])
            if (
                code
                and (fault := _repetition_fault(line, first_lines.setdefault(code, line), meanings[code])) is not None
            ):
                yield line, Problem(f"line {line}", "code", code[:80], fault)
                continue
            version = row.get("version", "")
            if version and not (version.isascii() and version.isdigit() and len(version) < 9):
                detail = "a version is 1, 2, 3 …, or empty for the newest"
                yield line, Problem(f"line {line}", "version", version[:80], detail)
                continue
            achievement = canonical_uuid(normalise_identifier(row["achievement"]))
            yield line, CourseCode(code, achievement, int(version) if version else None)

    def _note_similar(self, meanings: Mapping[str, Collection[tuple[str, str]]]) -> None:
        """Note the codes that differ in capitals only and stand for different achievements or versions."""
        alike: dict[str, list[str]] = {}
        for code in meanings:
            alike.setdefault(code.casefold(), []).append(code)
        for codes in alike.values():
            if len({meaning for code in codes for meaning in meanings[code]}) > 1 and len(codes) > 1:
                names = ", ".join(code[:80] for code in codes[:10])
                self.notes.append(f"{names} differ in capitals only, and stand for different achievements or versions")


def _repetition_fault(line: int, first: int, meanings: dict[tuple[str, str], int]) -> str | None:
    """Return why a row's code is refused as a repetition in the file, or None."""
    if len(meanings) > 1:
        lines = ", ".join(map(str, list(meanings.values())[:10]))
        return f"is in the file for different achievements or versions, first on lines {lines}; none of them is set"
    return f"is in the file twice; line {first} has it, too" if line != first else None


def write_csv(entries: Sequence[CourseCode]) -> str:
    """Return entries as a CSV that `CourseCodeRows` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        (entry.code, entry.achievement, "" if entry.version is None else entry.version) for entry in entries
    )
    return text.getvalue()
