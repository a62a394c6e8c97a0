"""The languages of the pages: which one a reader gets, and the translations of each."""

import io
from functools import cache
from importlib import resources
from typing import Any, Final

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from litestar import Request

SOURCE: Final = "en"
"""The language of the templates."""
LANGUAGES: Final = {
    "en": "English",
    "nl": "Nederlands",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "sv": "Svenska",
}
"""Each language with its own name, in the order in which the pages list them."""
COOKIE: Final = "language"
_MAX_ACCEPTED: Final = 20
"""Entries of `Accept-Language` that are considered."""


def language_of(request: Request[Any, Any, Any]) -> str:
    """Return the reader's language: that of the address, else of the cookie, else of the browser, else English."""
    for choice in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if choice in LANGUAGES:
            return str(choice)
    return _negotiate(request.headers.get("accept-language", ""))


def _negotiate(accepted: str) -> str:
    weighted = []
    for place, entry in enumerate(accepted.split(",")[:_MAX_ACCEPTED]):
        tag, _, parameters = entry.partition(";")
        name, _, value = parameters.strip().partition("=")
        try:
            weight = float(value) if name == "q" else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0 and tag.strip():
            weighted.append((-weight, place, tag.strip()))
    preferred = [tag.split("-")[0].lower() for _, _, tag in sorted(weighted)]
    return negotiate_locale(preferred, LANGUAGES) or SOURCE


@cache
def translations(language: str) -> NullTranslations:
    """Return a language's texts. The templates themselves are the English ones."""
    if language == SOURCE:
        return NullTranslations()
    file = resources.files(__package__).joinpath("locales", f"{language}.po")
    compiled = io.BytesIO()
    with file.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


def translate(language: str, text: str, **values: Any) -> str:  # noqa: ANN401 - of any kind that `%` can write
    """Return a text of the code in a language, with its values."""
    translated = str(translations(language).gettext(text))
    return translated % values if values else translated


@cache
def locale_of(language: str) -> Locale:
    """Return the rules of a language for dates, numbers and names (CLDR). English is that of Europe."""
    return Locale.parse("en_IE" if language == SOURCE else language)
