"""Persons' identifiers and names."""

import pytest

from registry.values.broken_text import broken_text_fault
from registry.values.persons import (
    are_usual,
    birth_date_fault,
    comparison_key,
    differences,
    doubtful_name,
    identifier_fault,
    name_fault,
    normalise_identifier,
    normalise_name,
    number_fault,
    record_fault,
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


@pytest.mark.parametrize("text", ["", "s7002", "1234567", "E12", "12E", "UU-26-0009"])
def test_ordinary_identifiers_have_no_fault(text: str) -> None:
    assert identifier_fault(text) is None


@pytest.mark.parametrize(
    "char", "\u034f\ufe00\ufe0f\U000e0100\U000e01ef\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b\u180e\u180f\u2800"
)
def test_what_nobody_sees_makes_no_other_identifier(char: str) -> None:
    for text in (f"u44{char}17", f"{char}u4417", f"u4417{char}"):
        assert normalise_identifier(text) == "u4417"


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("s\u0668\u0661", "'s81'"),
        ("\u06f4\u06f2", "'42'"),
        ("\uff2b\uff11\uff12", "'K12'"),
        ("\u00fc\uff11", "'\u00fc1'"),
        ("4400.0", "'4400'"),
        ("4400,0", "'4400'"),
    ],
)
def test_an_identifier_that_looks_like_another_is_refused_with_the_likely_one(text: str, likely: str) -> None:
    assert likely in (identifier_fault(text) or "")


@pytest.mark.parametrize("text", ["p\u043e12", "\u0421S-4", "\u0391B7", "'4400123", "\u20194400123", "'u1"])
def test_an_identifier_of_two_scripts_or_after_an_apostrophe_is_refused(text: str) -> None:
    assert identifier_fault(text) is not None


@pytest.mark.parametrize(
    "text", ["\u0421\u041f-12", "\u03a0\u039b\u0397-10", "Z\u00fc-7", "2\u00ba-A", "\u5b66\u53f712", "1.01", "o'neill"]
)
def test_identifiers_of_one_script_are_well(text: str) -> None:
    assert identifier_fault(text) is None


@pytest.mark.parametrize(
    "text", ["N/A", "null", "Unknown", "TBD", "None", "nil", "NaN", "0", "00000", "undefined", "XXX"]
)
def test_a_placeholder_is_no_number(text: str) -> None:
    assert number_fault(text) is not None
    assert number_fault(f"{text}7") is None


@pytest.mark.parametrize("text", ["n.a.", "NULL", "Undefined", "tba", "Xxx"])
def test_what_programs_write_for_no_name_is_a_placeholder(text: str) -> None:
    assert "placeholder" in (doubtful_name(text) or "")
    assert doubtful_name(f"{text}ova") is None


def test_the_first_day_of_1900_is_a_placeholder() -> None:
    assert "placeholder" in (birth_date_fault("1900-01-01") or "")
    assert birth_date_fault("1900-01-02") is None


def _person(given: str, family: str) -> dict[str, str]:
    return {"givenName": given, "familyName": family, "dateOfBirth": "1999-09-09"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Piet", "van der Berg"), ("Kees", "van der Meer")),
        (("Maria", "dos Santos"), ("Rita", "dos Reis")),
        (("Omar", "El Fassi"), ("Said", "el Amrani")),
        (("Van Duc", "Pham"), ("Van Long", "Le")),
        (("Ahmed", "bin Salim"), ("Yusuf", "bin Nasser")),
        (("Mary J.", "Stone"), ("Carol J.", "Woods")),
        (("Dr. Eva", "Lang"), ("Dr. Uwe", "Kurz")),
    ],
)
def test_particles_titles_and_initials_make_nobody_the_same_person(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert differences(_person(*one), _person(*other)) == ("name",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ben", "Hill"), ("Ben", "Stone")),
        (("Van", "Do"), ("Van", "Le")),
        (("Piet", "van der Berg"), ("Piet", "Berg")),
        (("O", "Kim"), ("Sun", "Kim")),
        (("", "De"), ("Anna", "De")),
    ],
)
def test_a_name_that_is_nothing_but_a_particle_counts(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert differences(_person(*one), _person(*other)) == ()


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


@pytest.mark.parametrize("text", ["s1234567", "1234567", "a-17", "b 2026/3", "42"])
def test_usual_identifiers_have_no_fault(text: str) -> None:
    assert are_usual(text, "17", "Jansen", "Ada")
    assert are_usual("17", text, "Jansen", "Ada")
    assert (record_fault(text), number_fault(text)) == (None, None)


@pytest.mark.parametrize("text", ["Jansen", "van der Berg", "O'Neill", "Berg-Smit", "Smith, Jr."])
def test_usual_names_have_no_fault(text: str) -> None:
    assert are_usual("17", "s1", text, "Ada")
    assert are_usual("17", "s1", "Ada", text)
    assert (name_fault(text), doubtful_name(text)) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["", "0", "000", "N/A", "null", "none", "TBD", "unknown", "xxx", "(null)", "1e5", "1.5E+10", "42.0", "#N/A", "'12",
     "-", "Zo\u00eb", "a\u200bb", "\ufffd", "\u0430da", "\u0661"],
)  # fmt: skip
def test_a_text_that_a_rule_may_object_to_is_not_usual(text: str) -> None:
    for place in range(4):
        texts = ["r1", "s1", "Jansen", "Ada"]
        texts[place] = text
        assert not are_usual(*texts), place
