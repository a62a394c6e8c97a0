"""The wording of each language: one TOML file each, all with the same keys."""

import functools
import tomllib
from datetime import date
from importlib import resources
from typing import Any

from registry.letters.content import UNDETERMINED, Language
from registry.wire.forms import Text


class Wording:
    """The wording of one language."""

    def __init__(self, language: str, words: dict[str, Any]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: str) -> str:
        """Return the text of a key (`aspect.level`), with the placeholders in braces filled in."""
        node: Any = self._words
        for part in key.split("."):
            node = node[part]
        text: str = node
        for name, value in values.items():  # str.format would interpret braces in people's texts
            text = text.replace("{" + name + "}", value)
        return text

    def date(self, day: date | str) -> str:
        """Return a day, given as a date or as `YYYY-MM-DD`, as people write it."""
        parsed = date.fromisoformat(day) if isinstance(day, str) else day
        months: list[str] = self._words["form"]["months"]
        number = self("form.first") if parsed.day == 1 else str(parsed.day)
        return self("form.date", day=number, month=months[parsed.month - 1], year=str(parsed.year))

    def number(self, value: float) -> str:
        """Return a number with at most two decimals and without trailing zeros."""
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", self("form.decimal"))

    def pick(self, text: Text) -> tuple[str, str]:
        """Return a text in this language, else in English, else in the first that it has; and the language's tag."""
        language = next((tag for tag in (self.language, "en", *text) if tag in text), UNDETERMINED)
        return text.get(language, ""), language


@functools.cache
def wording(language: Language) -> Wording:
    """Return the wording of a language. Each file is read once."""
    file = resources.files("registry.letters").joinpath("wording", f"{language}.toml")
    return Wording(language, tomllib.loads(file.read_text(encoding="utf-8")))
