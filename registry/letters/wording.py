"""The words of each language: one TOML file each, all with the same keys."""

import functools
import tomllib
from datetime import date
from importlib import resources
from typing import Any

from registry.letters.content import UNDETERMINED, Language
from registry.wire.forms import Text


class Wording:
    """One language's words."""

    def __init__(self, language: Language, words: dict[str, Any]) -> None:
        self.language = language
        self._words = words

    def __call__(self, key: str, **values: str) -> str:
        """The words of a key (`aspect.level`), with what stands in braces filled in."""
        found: Any = self._words
        for part in key.split("."):
            found = found[part]
        text: str = found
        for name, value in values.items():  # str.format would read braces in what people wrote
            text = text.replace("{" + name + "}", value)
        return text

    def date(self, day: date | str) -> str:
        """A day, in a text `YYYY-MM-DD`, as people write it."""
        read = date.fromisoformat(day) if isinstance(day, str) else day
        months: list[str] = self._words["form"]["months"]
        number = self("form.first") if read.day == 1 else str(read.day)
        return self("form.date", day=number, month=months[read.month - 1], year=str(read.year))

    def number(self, value: float) -> str:
        """A number of at most two decimals, without those that say nothing."""
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", self("form.decimal"))

    def pick(self, text: Text) -> tuple[str, str]:
        """A text in this language, else in English, else in the first that it has; and which that is."""
        found = next((one for one in (self.language, "en", *text) if one in text), UNDETERMINED)
        return text.get(found, ""), found


@functools.cache
def wording(language: Language) -> Wording:
    """A language's words; read once."""
    file = resources.files("registry.letters").joinpath("wording", f"{language}.toml")
    return Wording(language, tomllib.loads(file.read_text(encoding="utf-8")))
