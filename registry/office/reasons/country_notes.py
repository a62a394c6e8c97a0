"""Notes on countries for a recognition office: statements, each with its source and its date.

The project's statements are in `reasons/countries.toml`, and an office puts its own, in the same form, into
`reasons/countries.toml` of its node. A statement without a source is refused. Where nothing is recorded about a
country, that does not mean that no convention binds it.
"""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from registry.office.errors import OfficeFileError
from registry.values.countries import COUNTRIES
from registry.wire.validation_messages import format_error

FILE: Final = "countries.toml"
NOTHING: Final = "Nothing is recorded about this country."
StatementKind = Literal["party", "notParty", "centre", "deadline", "note"]
"""`party` and `notParty` are about a convention, `centre` is who advises on recognition, `deadline` is a time limit."""
_Source = Annotated[str, Meta(pattern=r"^(https?://\S+|\S.*)$", max_length=500)]


class Statement(msgspec.Struct, frozen=True, rename="camel"):
    """One statement about a country."""

    kind: StatementKind
    text: dict[str, str]
    """By language."""
    source: str
    """The source: an address, or the name of a document."""
    date: date
    """The day as of which the source says it, or on which it was read."""


class CountryNote(msgspec.Struct, frozen=True, rename="camel"):
    """All statements about a country."""

    country: str
    """ISO 3166-1 alpha-2."""
    summary: str
    """All of it in English, or that nothing is recorded."""
    deadline_months: int | None
    """The months in which a convention wants a decision on a complete file; null where none is recorded."""
    statements: list[Statement]


class _Convention(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A convention that statements name. Its time limit holds for its parties alone."""

    name: str
    deadline_months: Annotated[int, Meta(ge=1, le=12)] | None = None
    deadline_source: _Source | None = None
    deadline_date: date | None = None


class _Entry(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A statement of the file, about several countries."""

    countries: Annotated[list[str], Meta(min_length=1)]
    kind: StatementKind
    source: _Source
    date: date
    convention: str | None = None
    """Of `party` and `notParty`."""
    months: Annotated[int, Meta(ge=1, le=12)] | None = None
    """Of `deadline`."""
    text: dict[str, str] = {}
    """Of the other kinds, by language."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    conventions: dict[str, _Convention] = {}
    statements: list[_Entry] = []


def country_note(country: str, folder: Path | None = None) -> CountryNote | None:
    """Return what is recorded about a country (ISO 3166-1 alpha-2), by the project and in an office's own `folder`.

    None for a code that is not a country's. Raises `OfficeFileError`.
    """
    country = country.upper()
    if country not in COUNTRIES:
        return None
    conventions, entries = dict(_project_file().conventions), list(_project_file().statements)
    if folder is not None and (file := folder / FILE).is_file():
        own = _parse(_bytes(file), str(file))
        conventions |= own.conventions
        entries += own.statements
    return _note(country, conventions, [entry for entry in entries if country in entry.countries])


def noted_countries() -> list[str]:
    """Return the countries about which the project records something."""
    return sorted({country for entry in _project_file().statements for country in entry.countries})


def _note(country: str, conventions: Mapping[str, _Convention], entries: Sequence[_Entry]) -> CountryNote:
    statements, months = [], list[int]()
    for entry in _newest(entries):
        if entry.convention is not None:
            convention = conventions[entry.convention]
            bound = "is a party to the" if entry.kind == "party" else "is not a party to the"
            statements.append(Statement(entry.kind, {"en": f"{bound} {convention.name}"}, entry.source, entry.date))
            if entry.kind == "party" and (limit := _limit(convention)) is not None:
                statements.append(limit)
                months.append(convention.deadline_months or 0)
        elif entry.kind == "deadline" and entry.months is not None:
            months.append(entry.months)
            text = {"en": f"decisions are due within {entry.months} months of a complete file"}
            statements.append(Statement("deadline", text, entry.source, entry.date))
        else:
            statements.append(Statement(entry.kind, entry.text, entry.source, entry.date))
    words = [statement.text.get("en") or next(iter(statement.text.values())) for statement in statements]
    return CountryNote(country, "; ".join(words) or NOTHING, min(months, default=None), statements)


def _limit(convention: _Convention) -> Statement | None:
    if convention.deadline_months is None or convention.deadline_source is None or convention.deadline_date is None:
        return None
    text = f"by the {convention.name}'s recommendation a decision takes {convention.deadline_months} months at most"
    return Statement("deadline", {"en": text}, convention.deadline_source, convention.deadline_date)


def _newest(entries: Sequence[_Entry]) -> list[_Entry]:
    """Return the entries, and of several about one convention only the newest."""
    newest = {entry.convention: entry for entry in sorted(entries, key=lambda each: each.date) if entry.convention}
    return [entry for entry in entries if entry.convention is None or newest[entry.convention] is entry]


@functools.cache
def _project_file() -> _File:
    return _parse(resources.files("registry.office.reasons").joinpath(FILE).read_bytes(), FILE)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OfficeFileError(f"{file}: {error.strerror or error}") from error


def _parse(content: bytes, name: str) -> _File:
    """Return a file's statements. Raises `OfficeFileError`."""
    try:
        values: Any = tomllib.loads(content.decode())
    except ValueError as error:
        raise OfficeFileError(f"{name}: {error}") from error
    if older := sorted(set(values) & (COUNTRIES | {"*"})):
        raise OfficeFileError(
            f"{name}: [{older[0]}] is of an older form, without sources. Write a [[statements]] entry with countries,"
            " kind, text, source and date"
        )
    try:
        file = msgspec.convert(values, _File)
    except msgspec.ValidationError as error:
        raise OfficeFileError(f"{name}: {format_error(error, _File)}") from error
    conventions = {*file.conventions, *(() if name == FILE else _project_file().conventions)}
    for number, entry in enumerate(file.statements, 1):
        if fault := _fault(entry, conventions):
            raise OfficeFileError(f"{name}: statement {number}: {fault}")
    return file


def _fault(entry: _Entry, conventions: set[str]) -> str | None:
    """Return what is wrong with an entry, or None."""
    if unknown := sorted(set(entry.countries) - COUNTRIES):
        return f"{', '.join(unknown)}: no code of ISO 3166-1 alpha-2"
    about_convention = entry.kind in ("party", "notParty")
    if about_convention != (entry.convention is not None):
        return f"{entry.kind} and convention: a convention is named with party and notParty, and only there"
    if entry.convention is not None and entry.convention not in conventions:
        return f"there is no convention {entry.convention}; there are {', '.join(sorted(conventions))}"
    if (entry.kind == "deadline") != (entry.months is not None):
        return "months stand with a deadline, and only there"
    if (entry.kind in ("centre", "note")) != bool(entry.text):
        return "text stands with a centre or a note, and only there"
    return None
