"""Pieces of a page: a text with its language. What people wrote keeps its own language and direction of writing."""

import re
import unicodedata
from typing import Any, Final

from registry.letters.content import UNDETERMINED
from registry.letters.wording import Wording
from registry.wire.forms import Text

Span = dict[str, str]
# Controls would break the page; overrides of the direction let a text look like another one.
_UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{2}))?(?:-|\Z)")
"""The parts of a BCP 47 tag that a PDF's spans carry here: language and region."""


def clean(text: str) -> str:
    """Text as it can stand on a page: composed, without controls and what steers the direction of writing."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).strip()


def plain(text: str) -> Span:
    """Return a text of which nobody said the language. Spaces at its ends stay."""
    before, after = text[:1] == " ", text[-1:] == " "
    return {"text": " " * before + clean(text) + " " * after, "lang": UNDETERMINED}


def own(text: str, say: Wording) -> Span:
    """Return a text in the letter's language."""
    return {"text": clean(text), "lang": say.language}


def begun(text: str, say: Wording) -> Span:
    """With a capital, as where a line begins."""
    return own(text[:1].upper() + text[1:], say)


def sub(text: str) -> Span:
    """Return a text in small letters."""
    return {"text": clean(text), "lang": "", "style": "small"}


def picked(text: Text, say: Wording) -> Span:
    """Return a text in the letter's language, else in English, else in the first that it has."""
    words, language = say.pick(text)
    found = _TAG.match(language)
    if found is None:
        return plain(words)
    return {"text": clean(words), "lang": found[1].lower(), **({"region": found[2].upper()} if found[2] else {})}


def with_text(sentence: str, place: str, text: str) -> list[Span]:
    """A sentence of ours with somebody's text in it, in spans."""
    before, _, after = sentence.partition(place)
    return [{"text": before, "lang": ""}, {**plain(text), "style": "theirs"}, {"text": after, "lang": ""}]


def section(name: str, items: list[Any], say: Wording) -> dict[str, Any] | None:
    """Return a heading with what stands under it; None where nothing does."""
    return {"heading": say(f"headings.{name}"), "items": items} if items else None
