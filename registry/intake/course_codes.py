"""The mapping table: which achievement, and which version of it, a course code of the university's own stands for."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application import Registry
from registry.domain.errors import UnknownAchievement
from registry.intake.plain_rows import read_rows
from registry.intake.report import Problem, Readable
from registry.wire.forms import check_uuid

COLUMNS: Final = ("code", "achievement", "version")
MOST_CHARACTERS: Final = 200


class CourseCode(msgspec.Struct, frozen=True):
    """A code, and what it stands for."""

    code: str
    achievement: str
    version: int | None = None
    """None: whichever is the newest when a credential is issued."""


class CourseCodes:
    """The table of one university. For one thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def find(self, code: str) -> CourseCode | None:
        """What a code stands for; None where it is no code here."""
        row = (
            self._registry.cursor()
            .execute(
                "SELECT code, achievement::text, version FROM intake.course_codes WHERE code = %s", (_storable(code),)
            )
            .fetchone()
        )
        return CourseCode(**row) if row is not None else None

    def page(self, limit: int, after: str = "") -> list[CourseCode]:
        """Codes in their order, from after one on."""
        rows = self._registry.cursor().execute(
            "SELECT code, achievement::text, version FROM intake.course_codes WHERE code > %s ORDER BY code LIMIT %s",
            (_storable(after), limit),
        )
        return [CourseCode(**row) for row in rows.fetchall()]

    def fault(self, code: CourseCode) -> tuple[str, str] | None:
        """What is wrong with an entry: its field, and what would be right."""
        if not code.code.strip() or len(code.code) > MOST_CHARACTERS or not code.code.isprintable():
            return "code", f"is no text of 1 to {MOST_CHARACTERS} printable characters"
        if code.code[0] in "=+-@":
            return "code", "begins with a character that a spreadsheet would run as a formula"
        if check_uuid(code.achievement) is not None:
            return "achievement", "is not an id of an achievement (a UUID in lower case)"
        try:
            state = self._registry.achievement(code.achievement).state
        except UnknownAchievement:
            return "achievement", "is not offered here: no published achievement has this id"
        if code.version is not None and not 1 <= code.version <= state.version:
            return "version", f"is no version of it; the newest is {state.version}"
        return None

    def change(self, entries: Sequence[CourseCode], removed: Sequence[str] = ()) -> None:
        """Let these stand as they are given, and drop others; all of it or nothing. They are checked before."""
        self._registry.save([], private=_Rows(entries, removed))

    def remove(self, code: str) -> bool:
        """Drop a code; whether there was one."""
        known = self.find(code) is not None
        self.change([], [code])
        return known


class _Rows:
    def __init__(self, entries: Sequence[CourseCode], removed: Sequence[str]) -> None:
        self._entries = entries
        self._removed = [_storable(code) for code in removed]

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        if self._removed:
            cursor.execute("DELETE FROM intake.course_codes WHERE code = ANY(%s)", (self._removed,))
        now = datetime.now(UTC)
        if self._entries:
            cursor.executemany(
                "INSERT INTO intake.course_codes (code, achievement, version, changed) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (code) DO UPDATE SET achievement = excluded.achievement, version = excluded.version,"
                " changed = excluded.changed",
                [(one.code, one.achievement, one.version, now) for one in self._entries],
            )


def _storable(code: str) -> str:
    """A text that the database takes: what holds a NUL is no code of the table's, and is not found."""
    return code.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def read_csv(content: Readable) -> Iterator[CourseCode | Problem]:
    """The entries of a CSV with the header `code,achievement,version`. Raises `IntakeError` where there is none."""
    for line, row in read_rows(content, "csv", COLUMNS[:2]):
        if isinstance(row, str):
            yield Problem(f"line {line}", "", "", row)
            continue
        version = row.get("version", "").strip()
        if version and not (version.isascii() and version.isdigit() and len(version) < 9):
            detail = "a version is 1, 2, 3 …, or empty for the newest"
            yield Problem(f"line {line}", "version", version[:80], detail)
            continue
        yield CourseCode(row["code"].strip(), row["achievement"].strip(), int(version) if version else None)


def write_csv(entries: Sequence[CourseCode]) -> str:
    """Entries as `read_csv` reads them."""
    into = io.StringIO()
    made = csv.writer(into, lineterminator="\n")
    made.writerow(COLUMNS)
    made.writerows((one.code, one.achievement, "" if one.version is None else one.version) for one in entries)
    return into.getvalue()
