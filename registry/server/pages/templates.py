"""The templates, one environment for each language: texts, numbers and dates as its readers write them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

from babel import dates, numbers
from babel.lists import format_list
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from registry.server.pages.languages import locale_of, translate, translations
from registry.server.pages.static_files import integrity_of, static_path
from registry.server.pages.vocabulary import VOCABULARY, field_group


class LocalText(NamedTuple):
    """A text in the language nearest to the reader's, and which language that is."""

    language: str
    text: str


class Formats:
    """The way in which the readers of a language write numbers, dates and names of countries."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = locale_of(language)

    def number(self, value: Decimal | float) -> str:
        """Return a number, for example 1,284 or 2.5."""
        return numbers.format_decimal(value, locale=self._locale)

    def percent(self, share: float) -> str:
        """Return a share of 1 as a percentage."""
        return numbers.format_percent(share, locale=self._locale)

    def day(self, value: date | str) -> str:
        """Return a day in full, for example 30 April 2026."""
        return dates.format_date(_as_date(value), "long", locale=self._locale)

    def day_or_part(self, value: str) -> str:
        """Return a day in full; a year or a month, which is all that is known of some births, as it is."""
        return self.day(value) if len(value) == len("2026-04-30") else value

    def short_day(self, value: date | str) -> str:
        """Return a day as tables show it, for example 30 Apr 2026."""
        return dates.format_date(_as_date(value), "medium", locale=self._locale)

    def month(self, value: str) -> str:
        """Return the short name of a month that is written like 2026-05, for example May."""
        return dates.format_date(date.fromisoformat(f"{value}-01"), "LLL", locale=self._locale)

    def moment(self, value: datetime) -> str:
        """Return a moment with its zone, for example 30 April 2026, 09:14 UTC."""
        value = value.astimezone(UTC)
        return f"{self.day(value.date())}, {dates.format_time(value, 'HH:mm', tzinfo=UTC, locale=self._locale)} UTC"

    def country(self, code: str) -> str:
        """Return a country's name; its code if it has none."""
        return str(self._locale.territories.get(code.upper(), code))

    def language_name(self, tag: str) -> str:
        """Return a language's name; its tag if it has none."""
        return str(self._locale.languages.get(tag.split("-", maxsplit=1)[0].lower(), tag))

    def listing(self, items: list[str]) -> str:
        """Return several things as one phrase, for example "Lund, Twente and Aveiro"."""
        return str(format_list(items, locale=self._locale))

    def nearest(self, texts: Mapping[str, str]) -> LocalText:
        """Return the text for this reader: in the page's language, else in English, else in the first that there is."""
        for tag in (self.language, "en"):
            for key, text in texts.items():
                if key.split("-")[0].lower() == tag:
                    return LocalText(key, text)
        return LocalText(*next(iter(texts.items()), ("", "")))


def _as_date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


@cache
def environment(language: str) -> Environment:
    """Return the templates of a language. A name that a template uses and nobody passed is an error."""
    templates = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    templates.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # by the extension
    formats = Formats(language)
    templates.globals |= {
        "format": formats,
        "static": static_path,
        "integrity": integrity_of,
        "field_group": field_group,
        "words": lambda group, code: _word(language, group, code),
    }
    templates.tests["first_part_is"] = lambda reference, part: reference.partition("/")[0] == part
    templates.filters |= {
        "number": formats.number,
        "percent": formats.percent,
        "day": formats.day,
        "day_or_part": formats.day_or_part,
        "short_day": formats.short_day,
        "moment": formats.moment,
        "isolated": isolate,
        "country": formats.country,
        "language_name": formats.language_name,
        "listing": formats.listing,
        "first_part": lambda reference: reference.partition("/")[0],
    }
    return templates


def isolate(name: str) -> Markup:
    """Return a name for a sentence, written in a direction of its own."""
    return Markup("<bdi>{}</bdi>").format(name)


_UNKNOWN: Final = "code"


def _word(language: str, group: str, code: str) -> str | Markup:
    """Return the words for a code of the log; a code without words is shown as it is."""
    source = VOCABULARY[group].get(code)
    if source is None:
        return Markup('<code class="{}">{}</code>').format(_UNKNOWN, code)
    return translate(language, source)
