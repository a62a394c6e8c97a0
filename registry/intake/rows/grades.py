"""Texts that are not a grade of an award: placeholders, failures, and grades that a spreadsheet rewrote."""

import functools
import re
import tomllib
import unicodedata
from importlib import resources
from typing import Final, NamedTuple

_NEVER: Final = frozenset(
    {
        "fail", "failed", "not passed", "did not pass", "nb", "n.b.", "nav", "nvd", "n/a", "n.a.", "na", "null", "none",
        "nan", "undefined", "unknown", "tbd", "tba", "withdrawn", "niet behaald", "niet voldaan", "onvoldoende",
        "nicht bestanden", "non superato", "no show", "absent", "not awarded",
    }
)  # fmt: skip
"""Texts that are not a grade on any scale."""
_TRUTH: Final = frozenset({"true", "false", "wahr", "falsch", "waar", "onwaar", "vrai", "faux"})
"""Texts that spreadsheets show for the values yes and no."""
_MONTH: Final = (
    r"(?:jan|feb|f[eé]v|march|maart|mars|mar|mrt|märz|m[aä]r|april|apr|avril|avr|mai|may|mei|mag|maj|june|juni|jun|july"
    r"|juli|jul|juin|juil|giu|lug|aug|ago|ao[uû]t|sept|sep|set|oct|okt|ott|out|nov|dec|dez|d[eé]c|dic|ene|abr|gen)\.?"
)
_DAY: Final = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([./-])\d{1,2}\2\d{1,2}(?:[T ][\d:.]+)?"
    rf"|\d{{1,2}}\.?[ /-]*{_MONTH}(?:[ /-]*\d{{2,4}})?|{_MONTH}[ /-]*\d{{1,4}}",
    re.IGNORECASE,
)


_CLAUSE: Final = re.compile(r"[.,;:!?()\[\]/|\u2013\u2014]+|\s-+\s")
_NO_GRADES: Final = frozenset("\u2715\u2716\u2717\u2718\u274c\u274e\u2612\u2610\u25a1\u25af\ufffc\ufffd")
"""Crosses, empty boxes, and replacements of a character that was lost."""
_NO_AWARD: Final = (
    "is not a grade of an award: was it passed? Write the grade, or leave it empty; leave the row out if not"
)
_ASKED: Final = (
    "looks like a failure, or like a result that is not decided: leave the row out, or correct the grade; or repeat"
    " with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the grade of an award that was passed"
)
_LETTERS: Final = str.maketrans({"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "\u0131": "i", "ħ": "h"})
"""Letters that Unicode does not decompose."""


@functools.lru_cache(maxsize=4096)
def grade_fault(text: str, *, keep_text: bool = False) -> str | None:
    """Return why a text is not a grade of an award, or None.

    `keep_text`: a text that looks like a failure is the grade of an award that was passed.
    """
    word = " ".join(text.casefold().split())
    if word in _NEVER or not any(char.isalnum() or char in "+*" or _is_symbol(char) for char in word):
        return _NO_AWARD
    if word in _TRUTH:
        return "is a yes or no of a spreadsheet and no grade; write the grade, with the column formatted as text"
    if _DAY.fullmatch(word):
        return "is a date: a spreadsheet rewrote the grade; format the column as text and write the grade again"
    return _ASKED if not keep_text and _looks_failed(word) else None


def _looks_failed(text: str) -> bool:
    """Return True if a grade states, in a word or as a whole, that an award was not passed or is not decided."""
    lists = _words()
    if text.strip(".!()[] ") in lists.marks:
        return True
    words = plain(text).split()
    has_failure, has_negation, has_pass = (
        not kind.isdisjoint(words) for kind in (lists.failures, lists.negations, lists.passes)
    )
    if has_failure or (has_negation and has_pass and _is_negated(text)):
        return True
    sentence = f" {' '.join(words)} "
    return any(f" {phrase} " in sentence for phrase in lists.phrases)


def _is_negated(text: str) -> bool:
    """Return True if a negation is before a word of passing, or directly after it and at the end of a clause.

    It is in `not yet passed` and `bestanden nicht`; in `bestanden ohne Note` it belongs to the word that follows.
    """
    lists = _words()
    negated = passed = False
    for clause in _CLAUSE.split(text):
        words = plain(clause).split()
        for place, word in enumerate(words):
            is_last = place + 1 == len(words) or words[place + 1].isdigit()
            if (negated and word in lists.passes) or (passed and is_last and word in lists.negations):
                return True
            negated = word in lists.negations or (negated and word in lists.between)
            passed = word in lists.passes
    return False


def _is_symbol(char: str) -> bool:
    """Return True if a grade may be written with a sign, for example with stars. A cross is a failure."""
    return unicodedata.category(char) == "So" and char not in _NO_GRADES


def plain(text: str) -> str:
    """Return a text's words in lower case, without accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


class _Words(NamedTuple):
    """The words of `grade_words.toml`, as `plain` writes them; the marks as they are."""

    negations: frozenset[str]
    between: frozenset[str]
    marks: frozenset[str]
    phrases: tuple[str, ...]
    failures: frozenset[str]
    passes: frozenset[str]


@functools.cache
def _words() -> _Words:
    read = tomllib.loads(resources.files("registry.intake.rows").joinpath("grade_words.toml").read_text("utf-8"))
    return _Words(
        frozenset(plain(read["negations"]).split()),
        frozenset(plain(read["between"]).split()),
        frozenset(read["marks"].split()),
        tuple(read["phrases"]),
        frozenset(plain(" ".join(read["failures"].values())).split()),
        frozenset(plain(" ".join(read["passes"].values())).split()),
    )
