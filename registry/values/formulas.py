"""Texts that a spreadsheet program would run as a formula: one rule for reading and for writing.

A program splits a CSV at the delimiter of its own locale, not of the file, and reads quotation marks only where a field
begins with one. So the text after any delimiter within a text may become a cell, too.
"""

import re
import unicodedata
from typing import Final

from registry.values.persons import normalise_identifier

_SIGNS: Final = "=+-@"
_WIDE: Final = "\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""The same signs, full-width and small: programs that are set to an East Asian language accept them, too."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?|[+-]")
DELIMITERS: Final = ",;\t|"
_AFTER_DELIMITER: Final = rf"[{DELIMITERS}\r\n][\s\"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]{{0,20}}"
_WITHIN: Final = re.compile(rf"({_AFTER_DELIMITER})('*[{re.escape(_SIGNS)}{_WIDE}])")
_ESCAPED_WITHIN: Final = re.compile(rf"({_AFTER_DELIMITER})'('*[{re.escape(_SIGNS)}{_WIDE}])")


def begins_formula(text: str) -> bool:
    """Return True if a text begins like a formula, after spaces, apostrophes and invisible characters."""
    if text[:1].isalnum():
        return False
    sign = unicodedata.normalize("NFKC", normalise_identifier(text).lstrip("' ")[:1])[:1]
    return sign != "" and sign in _SIGNS


def escape_formulas(text: str) -> str:
    """Return a text that no spreadsheet runs, with an apostrophe before each sign that could begin a formula.

    A number with a sign is not a formula.
    """
    if begins_formula(text) and not text.startswith("'") and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    return _WITHIN.sub(r"\1'\2", text)


def restore_within(text: str) -> str:
    """Return a text without the apostrophes that `escape_formulas` put within it; the one at its beginning stays."""
    return _ESCAPED_WITHIN.sub(r"\1\2", text) if "'" in text else text
