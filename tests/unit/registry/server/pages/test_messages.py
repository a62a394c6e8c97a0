"""Every text of the pages is translated into each language, with the same values in it."""

import re

import pytest

from registry.server.pages.languages import LANGUAGES, SOURCE
from registry.server.pages.messages import collect, is_translated, read_translations

PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%(?!\()")
TRANSLATIONS = [language for language in LANGUAGES if language != SOURCE]


PENDING = frozenset(
    {
        "open_data.py",
        "templates/data.html",
        "templates/log.html",
        "templates/log_consistency.html",
        "templates/log_entry.html",
        "templates/log_member.html",
        "templates/macros/charts.html",
        "templates/macros/log.html",
        "templates/statistics.html",
    }
)
"""Files whose texts wait for a translator. Texts that are in other files, too, do not wait."""


@pytest.fixture(scope="module")
def catalog():
    return [message for message in collect() if message.id]


@pytest.fixture(scope="module")
def texts(catalog):
    return {message.id for message in catalog}


@pytest.fixture(scope="module")
def ready(catalog):
    """The texts that must be translated."""
    files = {message.id: {file for file, _ in message.locations} for message in catalog}
    return {text for text, places in files.items() if not places or places - PENDING}


@pytest.fixture(params=TRANSLATIONS)
def translations(request):
    return [message for message in read_translations(request.param) if message.id]


def test_each_text_is_translated(ready, translations):
    complete = {message.id for message in translations if is_translated(message.string) and not message.fuzzy}
    assert ready <= complete, f"run `make messages` and translate: {sorted(ready - complete, key=str)}"


def test_no_translation_is_of_a_text_that_is_gone(texts, translations):
    assert {message.id for message in translations} <= texts, "run `make messages`"


def test_a_translation_has_the_values_of_its_text(translations):
    for message in filter(lambda message: is_translated(message.string), translations):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        expected = set().union(*(PLACEHOLDER.findall(source) for source in sources))
        for form in forms:
            assert set(PLACEHOLDER.findall(form)) == expected, (message.id, form)


def test_a_translation_keeps_the_edges_of_its_text(translations):
    for message in filter(lambda message: is_translated(message.string), translations):
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        form = message.string[0] if isinstance(message.string, tuple) else message.string
        assert (source[:1].isspace(), source[-1:].isspace()) == (form[:1].isspace(), form[-1:].isspace()), message.id
        assert source.endswith(".") <= form.endswith((".", "…")), (message.id, form)
