"""The texts of the pages, collected from templates and code, and their files of translations.

The sentences of use cases are among them, in a context of their own.

`python -m registry.server.pages.messages` brings the files up to date: new texts get an empty translation, texts that
are no longer used go.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from registry.http.problems import PROBLEM_TYPES
from registry.server.pages.detail_messages import collect_details
from registry.server.pages.detail_words import CONTEXT
from registry.server.pages.languages import LANGUAGES, SOURCE

FOLDER: Final = Path(__file__).parent
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS: Final[dict[str, Any]] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_OPTIONS: Final = {
    "templates/**.html": {
        "trimmed": "false",
        "newstyle_gettext": "true",
        "silent": "false",
        "extensions": "jinja2.ext.do",
    }
}
_WIDTH: Final = 120


def collect() -> Catalog:
    """Return all texts, without translations: those of templates and code, titles of problems, and sentences."""
    catalog = Catalog()
    for message in _extract():
        catalog.add(message)
    for problem in PROBLEM_TYPES.values():
        catalog.add(problem.title)
    for sentence in collect_details():
        catalog.add(sentence, context=CONTEXT)
    return catalog


def _extract() -> Iterator[str | tuple[str, ...]]:
    for _, _, message, _, _ in extract_from_dir(FOLDER, _METHODS, _OPTIONS, _KEYWORDS):
        yield message


def path_of(language: str) -> Path:
    """Return the file of a language's translations."""
    return FOLDER / "locales" / f"{language}.po"


def read_translations(language: str) -> Catalog:
    """Return a language's translations."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def update(language: str, texts: Catalog) -> int:
    """Bring a language's file up to date; return how many texts have no translation."""
    catalog = read_translations(language)
    catalog.update(texts, no_fuzzy_matching=True)
    content = io.BytesIO()
    write_po(content, catalog, width=_WIDTH, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {language}\\n"\n\n'
    path_of(language).write_bytes(header.encode() + content.getvalue())
    return sum(not is_translated(message.string) for message in catalog if message.id)


def is_translated(translation: Any) -> bool:  # noqa: ANN401 - a text, or one for each number
    """Return True if a text has a translation, for every form of its number."""
    return all(translation) if isinstance(translation, tuple) else bool(translation)


def main() -> None:
    """Bring all files up to date, and say what lacks a translation."""
    texts = collect()
    missing = {language: update(language, texts) for language in LANGUAGES if language != SOURCE}
    for language, number in missing.items():
        sys.stdout.write(f"{path_of(language).name}: {len(texts)} texts, {number} without a translation\n")


if __name__ == "__main__":
    main()
