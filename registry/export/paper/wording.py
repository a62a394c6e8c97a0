"""The words of the certificate and the transcript, one TOML file a language; dates and numbers as CLDR writes them."""

import functools
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from importlib import resources
from typing import Any, Final, Literal, get_args

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from registry.letters.wording import Wording

PaperLanguage = Literal["en", "nl", "de", "fr", "es", "pt", "sv"]
LANGUAGES: Final[tuple[PaperLanguage, ...]] = get_args(PaperLanguage)


class PaperWording(Wording):
    """The words of one language. English is that of Europe."""

    def __init__(self, language: PaperLanguage, words: dict[str, Any]) -> None:
        super().__init__(language, words)
        self._locale = Locale.parse("en_IE" if language == "en" else language)

    def date(self, day: date | str) -> str:
        """Return a day, given as a date or as `YYYY-MM-DD`, as people write it."""
        parsed = date.fromisoformat(day) if isinstance(day, str) else day
        return format_date(parsed, "long", locale=self._locale)

    def number(self, value: float) -> str:
        """Return a number with at most two decimals."""
        return format_decimal(value, "#,##0.##", locale=self._locale)

    def hours(self, value: float) -> str:
        """Return a number of hours with its unit."""
        return format_unit(round(value, 2), "duration-hour", locale=self._locale)

    def join(self, names: Sequence[str]) -> str:
        """Return names as a list in a sentence."""
        return format_list(names, locale=self._locale)

    def country(self, code: str) -> str:
        """Return the name of a country; its code where CLDR has no name."""
        return str(self._locale.territories.get(code, code))

    def languages(self, tags: Iterable[str]) -> str:
        """Return the names of languages; the tag of one that CLDR has no name for."""
        names = (str(self._locale.languages.get(tag.split("-")[0].lower(), tag)) for tag in tags)
        return self.join([name[:1].upper() + name[1:] if place == 0 else name for place, name in enumerate(names)])

    def has(self, group: str, code: str) -> bool:
        """Tell whether a list has words for a code."""
        return code in self._words[group]

    def term(self, group: str, code: str) -> str:
        """Return the words for a code of a closed list, for example of `assessment`."""
        return self(f"{group}.{code}")


@functools.cache
def paper_wording(language: PaperLanguage) -> PaperWording:
    """Return the words of a language. Each file is read once."""
    file = resources.files("registry.export.paper").joinpath("wording", f"{language}.toml")
    return PaperWording(language, tomllib.loads(file.read_text(encoding="utf-8")))
