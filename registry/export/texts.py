"""Texts in several languages, for formats that have one."""

from collections.abc import Iterable, Mapping

from registry.export.document import Omission


def choose_language(texts: Mapping[str, str], preferred: str) -> str:
    """Return the language in which a text is given: the preferred one, else English, else the first by its code."""
    return next((language for language in (preferred, "en") if language in texts), min(texts))


def choose_text(texts: Mapping[str, str] | None, preferred: str) -> str | None:
    """Return a text in the preferred language, else in English, else in the first one; None where there is no text."""
    return texts[choose_language(texts, preferred)] if texts else None


def omit_languages(path: str, texts: Mapping[str, str] | None, preferred: str) -> Iterable[Omission]:
    """Yield what a format with one language leaves out of a text."""
    if not texts:
        return
    others = sorted(texts.keys() - {choose_language(texts, preferred)})
    if others:
        yield Omission(path, f"The format has one language; left out: {', '.join(others)}.")
