"""Rows of few columns from CSV with a header, or NDJSON, of any length: codes, status changes, what was awarded."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final, Literal

from registry.intake.not_json import no_constant, unique, why_not_json
from registry.intake.report import IntakeError, Readable

Form = Literal["csv", "ndjson"]
Row = tuple[int, Mapping[str, Any] | str]
"""The line, and its values by column; or what is wrong with it."""
_LIMIT: Final = 4096


def read_rows(content: Readable, form: Form, needed: Sequence[str]) -> Iterator[Row]:
    """Every row. Raises `IntakeError` where a CSV's header lacks a column that is needed (`a|b`: one of them)."""
    return _csv(content, needed) if form == "csv" else _ndjson(content)


def misshapen(values: Sequence[str], names: Sequence[str]) -> str:
    """What is wrong with a row that has more or fewer fields than the header has names."""
    return f"has {len(values)} field{'' if len(values) == 1 else 's'} where the header has {len(names)}"


def lines_of(file: BinaryIO, most: int) -> Iterator[bytes | None]:
    """A file's lines, with their ends; None for one that has more than so many bytes."""
    while line := file.readline(most):
        if line.endswith(b"\n") or len(line) < most:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(most)
        yield None


def form_of(content: Readable) -> Form:
    """Whether a file is NDJSON, by its first byte; else it is CSV."""
    with content.open("rb") as file:
        start = file.read(64)
    return "ndjson" if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"


def _csv(content: Readable, needed: Sequence[str]) -> Iterator[Row]:
    with (
        content.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file,
    ):
        head = file.readline(_LIMIT)
        delimiter = max(",;\t", key=head.count)
        names = [name.strip().strip('"').lower() for name in head.strip().split(delimiter)]
        if missing := [name for name in needed if not set(name.split("|")) & set(names)]:
            lacks = ", ".join(name.replace("|", " or ") for name in missing)
            raise IntakeError(f"{content}: the header lacks {lacks}; it has {', '.join(names)[:400]}")
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num + 1, f"cannot be read as a row: {error}"
                continue
            if any(values):
                row = dict(zip(names, values, strict=False))
                yield reader.line_num + 1, row if len(values) == len(names) else misshapen(values, names)


def _ndjson(content: Readable) -> Iterator[Row]:
    with content.open("rb") as file:
        for number, line in enumerate(lines_of(file, _LIMIT), 1):
            if line is None:
                yield number, f"is longer than {_LIMIT:,} bytes"
            elif line.strip():
                try:
                    text = line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode()
                    row = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
                    json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair cannot be stored
                except (ValueError, RecursionError) as error:
                    yield number, f"is not JSON: {why_not_json(error)}"
                    continue
                yield number, row if isinstance(row, dict) else "is not a JSON object"
