"""The words of certificates and transcripts: the same keys in all languages, and the pages' words for codes."""

import re
import tomllib
from importlib import resources

import pytest

from registry.export.paper.wording import LANGUAGES, paper_wording
from registry.server.pages.languages import translate
from registry.server.pages.vocabulary import VOCABULARY


def load(language):
    file = resources.files("registry.export.paper").joinpath("wording", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def flatten(words, prefix=""):
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_with_the_same_placeholders(language):
    english, other = dict(flatten(load("en"))), dict(flatten(load(language)))
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", other[key])) == sorted(re.findall(r"\{\w+\}", text)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_has_the_words_that_pages_have_for_it(language):
    words = load(language)
    groups = [group for group in words if group in VOCABULARY]
    assert len(groups) == 16
    for group in groups:
        assert words[group] == {code: translate(language, text) for code, text in VOCABULARY[group].items()}, group


def test_days_numbers_hours_and_countries_are_as_the_language_writes_them():
    say = paper_wording("de")
    assert say.date("2026-03-01") == "1. März 2026"
    assert say.number(1250.5) == "1.250,5"
    assert say.hours(140) == "140 Stunden"
    assert say.country("NL") == "Niederlande"
    assert say.languages(["de-AT", "en", "fr"]) == "Deutsch, Englisch und Französisch"
    assert paper_wording("en").date("2026-03-01") == "1 March 2026"
