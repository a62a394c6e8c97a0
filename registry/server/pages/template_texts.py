"""The texts of the templates in one language: what `_` and `ngettext` return there."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Any, Final

from markupsafe import Markup

from registry.server.pages.texts import N_

_MAX_TEXTS: Final = 8192
"""More than the pages have; a text that no template names, such as a problem's title, may leave the cache."""


class TemplateTexts:
    """Translates as Jinja's extension does, and looks each text up once.

    The extension translates, marks as safe and formats at each use, which is a third of the time of a page. Formatting
    is part of a text without values, too: a per cent sign is doubled in every text.
    """

    def __init__(self, translations: NullTranslations, number: Callable[[Decimal | float], str]) -> None:
        """`number` writes a number as the readers of the language do."""
        self._translations = translations
        self._number = number
        self._pattern = lru_cache(_MAX_TEXTS)(lambda text: Markup(translations.gettext(text)))  # noqa: S704 - it is ours
        self._plain = lru_cache(_MAX_TEXTS)(lambda text: self._pattern(text) % {})

    def gettext(self, text: str, /, **values: Any) -> Markup:  # noqa: ANN401 - of any kind that `%` can write
        """Return a text in the language; the values in it are escaped."""
        return self._pattern(text) % values if values else self._plain(text)

    def ngettext(self, singular: str, plural: str, number: int, /, **values: Any) -> Markup:  # noqa: ANN401 - likewise
        """Return the form of a text for a number, which it may contain as `num`."""
        pattern = Markup(self._translations.ngettext(singular, plural, number))  # noqa: S704 - it is ours
        return pattern % {"num": number, **values}

    def credits(self, ects: Decimal | float | None, hours: Decimal | float | None = None) -> Markup:
        """Return a credential's credits, or the hours of learning that gives none."""
        if ects is not None:
            return self.gettext(N_("%(number)s ECTS"), number=self._number(ects))
        if hours is not None:
            return self.gettext(N_("No credits, %(number)s hours"), number=self._number(hours))
        return self.gettext(N_("No credits"))

    def level(self, number: int | None) -> Markup:
        """Return a level of the European Qualifications Framework."""
        return self.gettext(N_("No level")) if number is None else self.gettext(N_("EQF %(number)s"), number=number)
