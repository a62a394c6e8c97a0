"""Texts of a row: their normalised spelling, and the faults of their characters."""

import re
from collections.abc import Iterable
from typing import Final

from registry.values.broken_text import broken_text_fault
from registry.values.formulas import begins_formula
from registry.values.lone_surrogates import LONE_SURROGATE
from registry.values.persons import SPREADSHEET_ERROR, normalise_identifier, normalise_name

MAX_FIELD: Final = 2000
_NAMES: Final = frozenset({"family_name", "given_name"})
_GRADES: Final = frozenset({"grade", "original_grade"})
_SEVERAL_LINES: Final = "note"
"""The column whose text may have several lines."""
_RUN: Final = re.compile(r"'*[=+\-@]")
"""Pattern of a formula's beginning in a plain text, as `begins_formula` finds it; for speed."""
_RUN_WITHIN: Final = re.compile(r"(?:\A|\|)'*[=+\-@]")
_GRADE: Final = re.compile(r"[+-]?\d{1,4}([.,]\d{1,4})?|[A-F][+-]?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_BREAK: Final = re.compile(r"\r\n?|[\n\v\f\x85\u2028\u2029]")


def is_plain(values: Iterable[str]) -> bool:
    """Return True if no text of a row needs a closer look. All are tested at once, for speed."""
    text = "|".join(values)
    return _is_plain(text) and _RUN_WITHIN.search(text) is None and "| " not in text and " |" not in text


def _is_plain(text: str) -> bool:
    """Return True if a text is ASCII, and has no spaces around it and no possible fault."""
    return (
        text.isascii()
        and text.isprintable()
        and len(text) <= MAX_FIELD
        and "#" not in text
        and "  " not in text
        and text.strip() == text
    )


def character_fault(value: str) -> str | None:
    """Return the fault of a character that no text of one line may have, or None."""
    if LONE_SURROGATE.search(value):
        return "is not UTF-8 here; save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"
    if _CONTROL.search(value):
        return "has a control character; remove it"
    if _LINE_BREAK.search(value.strip()):
        return "has a line break; write it on one line"
    return None


def clean_text(name: str, value: str, *, keep_text: bool) -> tuple[str, str | None]:
    """Return a column's text in its normalised spelling, and its fault or None.

    `keep_text`: text that looks as if it were in a wrong encoding is right.
    """
    value = value.strip()
    if _is_plain(value) and _RUN.match(value) is None:
        return value, None
    if len(value) > MAX_FIELD:
        return value, f"is {len(value):,} characters long, {MAX_FIELD:,} at most"
    several_lines = name == _SEVERAL_LINES
    if several_lines:
        value = _LINE_BREAK.sub("\n", value)
    if (fault := character_fault(value.replace("\n", " ") if several_lines else value)) is not None:
        return value, fault
    cleaned = value
    if name in _NAMES:
        cleaned = normalise_name(value)
    elif name != _SEVERAL_LINES and name not in _GRADES:
        cleaned = normalise_identifier(value)
    if begins_formula(cleaned) and not (name in _GRADES and _GRADE.fullmatch(cleaned)):
        return cleaned, "begins with a character that a spreadsheet would run as a formula; remove it"
    if SPREADSHEET_ERROR.fullmatch(cleaned):
        return cleaned, "is a spreadsheet's error value; write the value itself"
    fault = broken_text_fault(cleaned)
    if fault is not None and keep_text and "\ufffd" not in cleaned:
        fault = None
    return cleaned, fault
