"""What a letter says for each code, in several languages.

The project's own texts are in `reasons/*.toml`. An office puts its own into the folder `reasons` of its node, one file
a language with the codes that it words otherwise, or with a language that is not here. `countries.toml` beside them is
read by `country_notes.py`.
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
"""Which codes there are: differences by aspect, conditions, and why something milder was not possible."""


class Reasons:
    """Texts by language and code."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """`texts`: by language, then by code."""
        self._texts = texts

    @property
    def languages(self) -> list[str]:
        """The languages that there are."""
        return sorted(self._texts)

    def text(self, code: str, language: str = FALLBACK) -> str:
        """What is said for a code: in that language, in its main language, else in English.

        Raises `KeyError` for a code that is none.
        """
        for one in (language, language.partition("-")[0], FALLBACK):
            if code in self._texts.get(one, {}):
                return self._texts[one][code]
        raise KeyError(code)

    def all(self, code: str) -> dict[str, str]:
        """A code's texts in all languages that have it."""
        return {language: self._texts[language][code] for language in self.languages if code in self._texts[language]}


def reasons(folder: Path | None = None) -> Reasons:
    """The project's texts, with an office's own from `folder` before them. Raises `OfficeFileError`."""
    texts = {language: dict(known) for language, known in _own().items()}
    for file in sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else ():
        if file.name != COUNTRY_FILE:
            texts.setdefault(file.stem, {}).update(_texts(file, file.name))
    return Reasons(texts)


@functools.cache
def _own() -> dict[str, dict[str, str]]:
    files = [one for one in _packaged().iterdir() if one.name.endswith(".toml") and one.name != COUNTRY_FILE]
    return {one.name.removesuffix(".toml"): _texts(one, one.name) for one in files}


def _packaged() -> Traversable:
    return resources.files("registry.office.reasons")


def _texts(file: Traversable | Path, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, texts in _read(file, name).items():
        if kind not in KINDS or not isinstance(texts, dict):
            raise OfficeFileError(f"{name}: there is no kind {kind}; there are {', '.join(KINDS)}")
        for code, text in texts.items():
            if code not in KINDS[kind]:
                raise OfficeFileError(f"{name}: {kind} has no code {code}; it has {', '.join(sorted(KINDS[kind]))}")
            if not isinstance(text, str) or not text.strip():
                raise OfficeFileError(f"{name}: {kind}.{code} is no text")
            found[code] = text
    return found


def _read(file: Traversable | Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OfficeFileError(f"{name}: {error}") from error


def folder_of(home: Path) -> Path:
    """Return where a node keeps its office's own texts."""
    return home / "reasons"
