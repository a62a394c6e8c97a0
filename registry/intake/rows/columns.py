"""The columns of a credential row, and the templates with an example row."""

import json
from typing import Final, Literal, NamedTuple

from registry.intake.rows import parts
from registry.intake.rows.report import mask
from registry.values.lone_surrogates import LONE_SURROGATE


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
    Column("parts", "optional", "public", f"what is stacked into it: {parts.FORM}; separated by spaces", ""),
)  # fmt: skip
REQUIRED: Final = tuple(column.name for column in COLUMNS if column.need == "required")
NAMES: Final = tuple(column.name for column in COLUMNS)
_PERSONAL: Final = frozenset(column.name for column in COLUMNS if column.kind == "personal")
EXAMPLE_RECORD: Final = "EXAMPLE"
"""Record of the template's own row, which is skipped."""
GRADES: Final = ("grade", "original_grade")
CREDITS: Final = "ects"
DAYS: Final = ("date_of_birth", "awarding_date", "valid_until", "valid_from")


def csv_template() -> str:
    """Return a CSV to fill in: the header, and an example row, which is skipped when the file is read."""
    return ",".join(c.name for c in COLUMNS) + "\n" + ",".join(c.example for c in COLUMNS) + "\n"


def ndjson_template() -> str:
    """Return an NDJSON to fill in: one example row, which is skipped when the file is read."""
    return json.dumps({c.name: c.example for c in COLUMNS if c.example}) + "\n"


def example_note(line: int) -> str:
    """Return the note on the template's own row."""
    return f"line {line} is the template's own example and was not taken in; write your own rows in its place"


def display_value(name: str, value: str) -> str:
    """Return a value for a problem, masked where it is about a person."""
    return LONE_SURROGATE.sub("?", mask(value) if name in _PERSONAL else value[:80])
