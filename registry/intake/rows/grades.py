"""Grades that nobody can have meant: placeholders, failures, and what a spreadsheet made of a grade."""

import functools
import re
from typing import Final

_NOT_PASSED: Final = frozenset(
    {
        "fail", "failed", "not passed", "did not pass", "nb", "n.b.", "nav", "nvd", "n/a", "n.a.", "na", "null", "none",
        "nan", "undefined", "unknown", "tbd", "tba", "withdrawn", "niet behaald", "niet voldaan", "onvoldoende",
        "nicht bestanden", "non superato", "no show", "absent", "not awarded",
    }
)  # fmt: skip
_TRUTH: Final = frozenset({"true", "false", "wahr", "falsch", "waar", "onwaar", "vrai", "faux"})
"""What spreadsheets show for a value that is a yes or a no."""
_MONTH: Final = (
    r"(?:jan|feb|f[eé]v|march|maart|mars|mar|mrt|märz|m[aä]r|april|apr|avril|avr|mai|may|mei|mag|maj|june|juni|jun|july"
    r"|juli|jul|juin|juil|giu|lug|aug|ago|ao[uû]t|sept|sep|set|oct|okt|ott|out|nov|dec|dez|d[eé]c|dic|ene|abr|gen)\.?"
)
_DAY: Final = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([./-])\d{1,2}\2\d{1,2}(?:[T ][\d:.]+)?"
    rf"|\d{{1,2}}\.?[ /-]*{_MONTH}(?:[ /-]*\d{{2,4}})?|{_MONTH}[ /-]*\d{{1,4}}",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=4096)
def grade_fault(text: str) -> str | None:
    """Return why a text is no grade of an award, or None."""
    word = " ".join(text.casefold().split())
    if word in _NOT_PASSED:
        return "is no grade of an award: was it passed? Write the grade, or leave it empty; leave the row out if not"
    if word in _TRUTH:
        return "is a yes or no of a spreadsheet and no grade; write the grade, with the column formatted as text"
    if _DAY.fullmatch(word):
        return "is a date: a spreadsheet rewrote the grade; format the column as text and write the grade again"
    return None
