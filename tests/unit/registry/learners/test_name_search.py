"""Searching for people by the beginnings of their names' words."""

import pytest

from registry.learners.name_search import MAX_WORDS, matches_name, name_words
from registry.values.persons import FORMERLY

ZOE = {"familyName": "Ångström-Ødegård", "givenName": "Zoë", FORMERLY: [{"familyName": "O’Brien", "givenName": "Zoë"}]}  # noqa: RUF001 - as it is written


@pytest.mark.parametrize("text", ["angstrom", "ÅNGSTRÖM, zoë", "odeg zo", "o'brien", "brien zoe"])
def test_words_find_present_and_former_names_without_accents_and_capitals(text):
    assert matches_name(ZOE, name_words(text))


@pytest.mark.parametrize("text", ["ngstrom", "angstrom brien", "zoe jansen"])
def test_every_word_must_begin_a_name_of_one_description(text):
    assert not matches_name(ZOE, name_words(text))


def test_a_text_of_marks_has_no_words_and_a_long_one_is_cut():
    assert name_words(" -,.' ") == []
    assert len(name_words("a " * 1000)) == MAX_WORDS
