"""The texts of letters for each code, in several languages.

The project's own texts are in `reasons/*.toml`. An office puts its own into the folder `reasons` of its node, one file
a language, with the codes that it words otherwise, or in a further language. `country_notes.py` reads
`countries.toml` in the same folder.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from registry.office.assessments.assessment import NotPossible
from registry.office.errors import OfficeFileError
from registry.office.reasons.country_notes import FILE as COUNTRY_FILE
from registry.wire.recognition import DIFFERENCES, Condition

FALLBACK: Final = "en"
_CODE: Final = next(each for each in msgspec.structs.fields(Condition) if each.name == "code")

KINDS: Final[Mapping[str, frozenset[str]]] = {
    **DIFFERENCES,
    "conditions": frozenset(get_args(_CODE.type)),
    "notPossible": frozenset(get_args(NotPossible)),
}
"""All codes: differences by aspect, conditions, and reasons why a milder outcome was not possible."""


class Reasons:
    """Texts by language and code."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """`texts`: by language, then by code."""
        self._texts = texts

    @property
    def languages(self) -> list[str]:
        """The languages that have texts."""
        return sorted(self._texts)

    def text(self, code: str, language: str = FALLBACK) -> str:
        """Return the text for a code: in that language, in its main language, else in English.

        Raises `KeyError` for an unknown code.
        """
        for tag in (language, language.partition("-")[0], FALLBACK):
            if code in self._texts.get(tag, {}):
                return self._texts[tag][code]
        raise KeyError(code)

    def all(self, code: str) -> dict[str, str]:
        """Return a code's texts in all languages that have it."""
        return {language: self._texts[language][code] for language in self.languages if code in self._texts[language]}


def reasons(folder: Path | None = None) -> Reasons:
    """Return the project's texts, overridden by an office's own from `folder`. Raises `OfficeFileError`."""
    texts = {language: dict(own) for language, own in _own().items()}
    for file in sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else ():
        if file.name != COUNTRY_FILE:
            texts.setdefault(file.stem, {}).update(_texts(file, file.name))
    return Reasons(texts)


@functools.cache
def _own() -> dict[str, dict[str, str]]:
    files = [file for file in _project_folder().iterdir() if file.name.endswith(".toml") and file.name != COUNTRY_FILE]
    return {file.name.removesuffix(".toml"): _texts(file, file.name) for file in files}


def _project_folder() -> Traversable:
    return resources.files("registry.office.reasons")


def _texts(file: Traversable | Path, name: str) -> dict[str, str]:
    by_code: dict[str, str] = {}
    for kind, texts in _read(file, name).items():
        if kind not in KINDS or not isinstance(texts, dict):
            raise OfficeFileError(f"{name}: there is no kind {kind}; there are {', '.join(KINDS)}")
        for code, text in texts.items():
            if code not in KINDS[kind]:
                raise OfficeFileError(f"{name}: {kind} has no code {code}; it has {', '.join(sorted(KINDS[kind]))}")
            if not isinstance(text, str) or not text.strip():
                raise OfficeFileError(f"{name}: {kind}.{code} is not text")
            by_code[code] = text
    return by_code


def _read(file: Traversable | Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OfficeFileError(f"{name}: {error}") from error


def folder_of(home: Path) -> Path:
    """Return where a node keeps its office's own texts."""
    return home / "reasons"
