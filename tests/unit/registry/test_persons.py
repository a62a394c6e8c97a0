"""Persons' identifiers and names."""

import pytest

from registry.intake.broken_text import broken_text_fault
from registry.persons import (
    comparison_key,
    differences,
    identifier_fault,
    name_fault,
    normalise_identifier,
    normalise_name,
)

ADA = {"familyName": "Núñez", "givenName": "Ada", "dateOfBirth": "2001-02-03"}


@pytest.mark.parametrize(
    "spelling", ["s7002", "s7002\u200b", "\ufeffs7002", "s7002\u00ad", "s7002\u202c", " s7002\u00a0", "\u2060s7002"]
)
def test_an_identifier_has_one_spelling(spelling: str) -> None:
    assert normalise_identifier(spelling) == "s7002"


def test_composed_and_decomposed_letters_are_one_identifier() -> None:
    assert normalise_identifier("e\u0301a  1") == normalise_identifier("\u00e9a\u00a01") == "\u00e9a 1"


def test_a_persian_name_keeps_the_joiner_inside_and_loses_it_at_the_end() -> None:
    name = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"
    assert normalise_name(name) == name
    assert normalise_name("Anna\u200c") == "Anna"
    assert normalise_name("An\u200bna") == "Anna"


@pytest.mark.parametrize("text", ["8,9652E+15", "8.9652E+15", "9e10", "1E+05", "#NAME?", "#N/A"])
def test_what_a_spreadsheet_spoilt_is_no_identifier(text: str) -> None:
    assert identifier_fault(text) is not None


@pytest.mark.parametrize("text", ["s7002", "1234567", "E12", "12E", "UU-26-0009"])
def test_ordinary_identifiers_have_no_fault(text: str) -> None:
    assert identifier_fault(text) is None


@pytest.mark.parametrize("text", ["-", ".", "—", "…", "#NAME?", "--"])
def test_a_placeholder_is_no_name(text: str) -> None:
    assert name_fault(text) is not None


@pytest.mark.parametrize("text", ["", "Suharto", "O'Neill", "李", "de la Peña", "X Æ A-12"])
def test_names_are_names(text: str) -> None:
    assert name_fault(text) is None


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert comparison_key("Ångström-de  la PEÑA") == comparison_key("angstrom de la pena")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, ()),
        ({"givenName": "ADA", "familyName": "Nunez"}, ()),
        ({"familyName": "de Vries"}, ()),
        ({"givenName": "Ada Maria"}, ()),
        ({"dateOfBirth": "2001"}, ()),
        ({"dateOfBirth": "1979-11-30"}, ("dateOfBirth",)),
        ({"givenName": "Petr", "familyName": "Novak"}, ("name",)),
        ({"givenName": "Petr", "familyName": "Novak", "dateOfBirth": "1979-11-30"}, ("dateOfBirth", "name")),
    ],
)
def test_who_is_another_person(stated: dict[str, str], expected: tuple[str, ...]) -> None:
    assert differences(ADA, ADA | stated) == expected


def test_a_name_split_elsewhere_is_the_same_name() -> None:
    assert differences({"familyName": "Suharto"}, {"givenName": "Suharto", "familyName": ""}) == ()


@pytest.mark.parametrize("text", ["M\ufffdller", "NÃºÃ±ez", "ZoÃ«", "MÃ¼ller"])
def test_broken_text_is_named(text: str) -> None:
    assert broken_text_fault(text) is not None


@pytest.mark.parametrize(
    "text", ["Müller", "Núñez", "JOÃO", "João", "Ærøskøbing", "Łódź", "Ильин", "李", "Çelik", "ÅNGSTRÖM"]
)
def test_names_of_europe_and_beyond_are_not_broken(text: str) -> None:
    assert broken_text_fault(text) is None


def test_the_likely_right_text_is_named() -> None:
    assert "'Núñez'" in (broken_text_fault("NÃºÃ±ez") or "")
