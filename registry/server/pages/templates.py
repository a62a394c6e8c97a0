"""The templates, one environment for each language: texts, numbers and dates as its readers write them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import Any, Final, NamedTuple

from babel import dates, numbers
from babel.lists import format_list
from jinja2 import Environment, PackageLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from registry.server.pages.details import Details, read_catalog
from registry.server.pages.element_words import say_presented, say_required
from registry.server.pages.languages import locale_of, translate, translations
from registry.server.pages.static_files import integrity_of, static_path
from registry.server.pages.template_texts import TemplateTexts
from registry.server.pages.vocabulary import VOCABULARY, field_group

_MAX_CACHED: Final = 4096
"""Numbers, countries and languages whose texts are cached: a page shows few of them, many times."""


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
        return _number(self.language, value)

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
        return _country(self.language, code)

    def language_name(self, tag: str) -> str:
        """Return a language's name; its tag if it has none."""
        return _language_name(self.language, tag)

    def language_names(self, tags: Sequence[str]) -> str:
        """Return the names of languages as one phrase."""
        return _language_names(self.language, tuple(tags))

    def listing(self, items: list[str]) -> str:
        """Return several things as one phrase, for example "Lund, Twente and Aveiro"."""
        return items[0] if len(items) == 1 else str(format_list(items, locale=self._locale))

    def nearest(self, texts: Mapping[str, str]) -> LocalText:
        """Return the text for this reader: in the page's language, else in English, else in the first that there is."""
        for tag in (self.language, "en"):
            for key, text in texts.items():
                if key.split("-")[0].lower() == tag:
                    return LocalText(key, text)
        return LocalText(*next(iter(texts.items()), ("", "")))

    def local(self, texts: Mapping[str, str]) -> str | Markup:
        """Return the text for this reader, marked where it is in another language than the page."""
        nearest = self.nearest(texts)
        if nearest.language.split("-")[0] == self.language:
            return nearest.text
        return Markup('<span lang="{}" dir="auto">{}</span>').format(nearest.language, nearest.text)


@lru_cache(_MAX_CACHED)
def _number(language: str, value: Decimal | float) -> str:
    return numbers.format_decimal(value, locale=locale_of(language))


@lru_cache(_MAX_CACHED)
def _country(language: str, code: str) -> str:
    return str(locale_of(language).territories.get(code.upper(), code))


@lru_cache(_MAX_CACHED)
def _language_name(language: str, tag: str) -> str:
    return str(locale_of(language).languages.get(tag.split("-", maxsplit=1)[0].lower(), tag))


@lru_cache(_MAX_CACHED)
def _language_names(language: str, tags: tuple[str, ...]) -> str:
    formats = Formats(language)
    return formats.listing([formats.language_name(tag) for tag in tags])


def _as_date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


class _Environment(Environment):
    """An environment of one language, in which a text without values is translated once: when its template is read."""

    def __init__(self, texts: TemplateTexts, **options: Any) -> None:  # noqa: ANN401 - theirs
        super().__init__(**options)
        self._texts = texts

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:  # noqa: ANN401 - theirs
        return super()._generate(_Translation(self._texts.gettext).visit(source), *arguments, **options)


class _Translation(NodeTransformer):
    """Puts the translation where a template has `_("…")`. Calls are half of the time that a page takes."""

    def __init__(self, gettext: Callable[[str], Markup]) -> None:
        self._gettext = gettext

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's own way to name a node
        """Return a constant for a text without values, and any other call as it is."""
        self.generic_visit(call)
        is_plain = not (call.kwargs or call.dyn_args or call.dyn_kwargs) and len(call.args) == 1
        if is_plain and isinstance(call.node, nodes.Name) and call.node.name == "_":
            text = call.args[0]
            if isinstance(text, nodes.Const):
                return nodes.Const(self._gettext(text.value), lineno=call.lineno)
        return call


@cache
def environment(language: str) -> Environment:
    """Return the templates of a language. A name that a template uses and nobody passed is an error."""
    formats = Formats(language)
    texts = TemplateTexts(translations(language), formats.number)
    templates = _Environment(
        texts,
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    templates.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # by the extension
    details = Details(language, read_catalog(language), formats.listing)
    templates.globals |= {
        "_": texts.gettext,
        "gettext": texts.gettext,
        "ngettext": texts.ngettext,
        "format": formats,
        "static": static_path,
        "integrity": integrity_of,
        "field_group": field_group,
        "words": lambda group, code: _word(language, group, code),
        "advice": details.advise,
        "presented": partial(say_presented, details),
        "required": partial(say_required, details),
    }
    templates.tests["first_part_is"] = lambda reference, part: reference.partition("/")[0] == part
    templates.filters |= {
        "detail": details.say,
        "number": formats.number,
        "percent": formats.percent,
        "day": formats.day,
        "day_or_part": formats.day_or_part,
        "short_day": formats.short_day,
        "moment": formats.moment,
        "isolated": isolate,
        "country": formats.country,
        "language_name": formats.language_name,
        "language_names": formats.language_names,
        "local": formats.local,
        "credits": texts.credits,
        "level": texts.level,
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
