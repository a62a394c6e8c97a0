"""Spans of a page: a text with its language. Text by people keeps its own language and direction of writing."""

import re
import unicodedata
from typing import Any, Final

from registry.letters.content import UNDETERMINED
from registry.letters.wording import Wording
from registry.wire.forms import Text

Span = dict[str, str]
# Control characters would break the page; direction overrides make a text look like another one.
_UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{2}))?(?:-|\Z)")
"""The parts of a BCP 47 tag that a PDF's spans carry here: language and region."""


def clean(text: str) -> str:
    """Return a text that can be printed: composed, without control and direction characters."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).strip()


def plain(text: str) -> Span:
    """Return a text in an unknown language. One space at either end stays."""
    before, after = text[:1] == " ", text[-1:] == " "
    return {"text": " " * before + clean(text) + " " * after, "lang": UNDETERMINED}


def own(text: str, say: Wording) -> Span:
    """Return a text in the letter's language."""
    return {"text": clean(text), "lang": say.language}


def capitalise(text: str, say: Wording) -> Span:
    """Return a text in the letter's language with a capital first letter, for the beginning of a line."""
    return own(text[:1].upper() + text[1:], say)


def small(text: str) -> Span:
    """Return a text in small print."""
    return {"text": clean(text), "lang": "", "style": "small"}


def pick_span(text: Text, say: Wording) -> Span:
    """Return a text in the letter's language, else in English, else in the first language that it has."""
    words, language = say.pick(text)
    tag = _TAG.match(language)
    if tag is None:
        return plain(words)
    return {"text": clean(words), "lang": tag[1].lower(), **({"region": tag[2].upper()} if tag[2] else {})}


def with_text(sentence: str, place: str, text: str) -> list[Span]:
    """Return the spans of a sentence of the wording with a person's text in the place of its placeholder."""
    before, _, after = sentence.partition(place)
    return [{"text": before, "lang": ""}, {**plain(text), "style": "theirs"}, {"text": after, "lang": ""}]


def section(name: str, items: list[Any], say: Wording) -> dict[str, Any] | None:
    """Return a heading with its items; None where there are no items."""
    return {"heading": say(f"headings.{name}"), "items": items} if items else None
