"""Prepare texts for search, by the rules of their language and without accents.

PostgreSQL's `unaccent` is an extension that not every server has, so accents are removed here, both from
what is indexed and from what is searched for. Stemming and stop words are PostgreSQL's own (its documentation,
chapter 12); a language for which it has none is indexed word by word (`simple`).
"""

import re
import unicodedata
from typing import Final

SIMPLE: Final = "simple"

LONGEST: Final = 65_536
"""Characters of one achievement that are indexed: a `tsvector` holds a megabyte, and normalising may lengthen texts."""

_RULES: Final = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hu": "hungarian", "hy": "armenian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Text search configurations of PostgreSQL 14 and later, by primary language subtag (BCP 47)."""

_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th", "\0": " "}
)
"""Letters that Unicode does not decompose into a base and a mark, and U+0000, which PostgreSQL cannot store."""

_SPACES: Final = re.compile(r"\s+")


def rules_of(language: str) -> str:
    """Return the PostgreSQL text search configuration for a BCP 47 tag."""
    return _RULES.get(language.partition("-")[0].lower(), SIMPLE)


def plain(text: str) -> str:
    """Return a text without capitals, accents and repeated spaces, as it is indexed and searched for."""
    folded = text.casefold()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        folded = folded.translate(_LETTERS)
    return _SPACES.sub(" ", folded.replace("\0", " ")).strip()


def in_one_language(texts: dict[str, str]) -> str:
    """Return the English text, or else the first one."""
    return texts.get("en") or next(iter(texts.values()), "")
