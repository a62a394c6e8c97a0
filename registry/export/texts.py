"""Texts in several languages, for formats that have one."""

from collections.abc import Iterable, Mapping

from registry.export.document import Omission


def choose_language(texts: Mapping[str, str], wanted: str) -> str:
    """Return the language in which a text is given: the wanted one, else English, else the first by its code."""
    return next((language for language in (wanted, "en") if language in texts), min(texts))


def choose_text(texts: Mapping[str, str] | None, wanted: str) -> str | None:
    """Return a text in the wanted language, else in English, else in the first one; None where there is no text."""
    return texts[choose_language(texts, wanted)] if texts else None


def omit_languages(path: str, texts: Mapping[str, str] | None, wanted: str) -> Iterable[Omission]:
    """Yield what a format with one language leaves out of a text."""
    if not texts:
        return
    others = sorted(texts.keys() - {choose_language(texts, wanted)})
    if others:
        yield Omission(path, f"The format has one language; left out: {', '.join(others)}.")
