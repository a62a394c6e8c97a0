"""Every text of the pages is translated into each language, with the same values in it."""

import re

import pytest

from registry.server.pages.detail_words import CONTEXT
from registry.server.pages.languages import LANGUAGES, SOURCE
from registry.server.pages.messages import collect, is_translated, read_translations

PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%(?!\()")
TRANSLATIONS = [language for language in LANGUAGES if language != SOURCE]


@pytest.fixture(scope="module")
def texts():
    return {(message.context, message.id) for message in collect() if message.id}


@pytest.fixture(params=TRANSLATIONS)
def translations(request):
    return [message for message in read_translations(request.param) if message.id]


def test_each_text_is_translated(texts, translations):
    complete = {
        (message.context, message.id) for message in translations if is_translated(message.string) and not message.fuzzy
    }
    assert texts <= complete, f"run `make messages` and translate: {sorted(texts - complete, key=str)}"


def test_no_translation_is_of_a_text_that_is_gone(texts, translations):
    assert {(message.context, message.id) for message in translations} <= texts, "run `make messages`"


def test_a_translation_has_the_values_of_its_text(translations):
    for message in translations:
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        singular, plural = set(PLACEHOLDER.findall(sources[0])), set(PLACEHOLDER.findall(sources[-1]))
        for number, form in enumerate(forms):
            possible = (singular, plural) if number == 0 else (plural,)
            assert set(PLACEHOLDER.findall(form)) in possible, (message.id, form)


def test_a_translation_keeps_the_edges_of_its_text(translations):
    for message in translations:
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        form = message.string[0] if isinstance(message.string, tuple) else message.string
        assert (source[:1].isspace(), source[-1:].isspace()) == (form[:1].isspace(), form[-1:].isspace()), message.id
        assert source.endswith(".") <= form.endswith((".", "…")), (message.id, form)


def test_the_sentences_of_use_cases_are_texts(texts):
    assert ("detail", "is not a date; write it as YYYY-MM-DD, for example 2026-06-30") in texts


def test_a_sentence_has_its_halves_in_each_language(translations):
    """A page shows what is wrong apart from what to do: what stands before and after a semicolon."""
    for message in translations:
        if message.context == CONTEXT and message.string:
            assert message.id.count("; ") == message.string.count("; "), message.id
