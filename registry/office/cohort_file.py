"""A cohort's list: a credential a line, or CSV with a column `credential` and perhaps one `record`."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from registry.intake.plain_rows import misshapen
from registry.office.errors import CohortFileError

_LIMIT: Final = 10 * 1024 * 1024
LONGEST: Final = 300
_CREDENTIAL: Final = re.compile(
    "(?:([a-z0-9-]{2,40})/)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE
)


class CohortRow(msgspec.Struct, frozen=True):
    """One credential of a cohort."""

    where: str
    """`line 7`."""
    record: str
    """The office's own id of the row; the credential itself where it has none."""
    member: str
    credential: str
    problem: str = ""
    """Why the row cannot be read; then the rest is as it stands there."""


def rows(file: Path, member: str) -> Iterator[CohortRow]:
    """The rows of a list; `member` is whose credentials those are that name none. Raises `CohortFileError`."""
    try:
        if file.stat().st_size > _LIMIT:
            raise CohortFileError(f"{file} has more than {_LIMIT:,} bytes; part it, and decide part after part")
        content = file.read_bytes()
    except OSError as error:
        raise CohortFileError(f"cannot read {file}: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CohortFileError(f"{file} is UTF-16; save it as UTF-8")
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise CohortFileError(f"{file} is empty; write a credential a line, as twente/e7c1ab39-…")
    delimiter = max(",;\t", key=lines[first].count)
    names = [name.strip().strip('"').casefold() for name in lines[first].split(delimiter)]
    if "credential" in names:
        yield from _table(lines[first + 1 :], first + 2, delimiter, names, member)
        return
    for number, line in enumerate(lines, 1):
        if text := line.partition("#")[0].strip():
            yield _row(f"line {number}", "", text, member)


def _table(lines: list[str], start: int, delimiter: str, names: list[str], member: str) -> Iterator[CohortRow]:
    for number, line in enumerate(lines, start):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            [values] = csv.reader([line], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            yield CohortRow(where, "", "", "", f"cannot be read as a row: {error}")
            continue
        if len(values) != len(names):
            yield CohortRow(where, "", "", "", misshapen(values, names))
            continue
        row = dict(zip(names, (value.strip() for value in values), strict=True))
        yield _row(where, row.get("record", ""), row["credential"], member)


def _row(where: str, record: str, text: str, member: str) -> CohortRow:
    found = _CREDENTIAL.fullmatch(text)
    if found is None:
        return CohortRow(where, record, "", text[:80], f"{text[:80]!r} is no credential, as {member}/e7c1ab39-…")
    if len(record) > LONGEST:
        return CohortRow(where, record[:80], "", text, f"the record has more than {LONGEST} characters")
    whose, credential = found[1] or member, found[2].lower()
    return CohortRow(where, record or f"{whose}/{credential}", whose, credential)
