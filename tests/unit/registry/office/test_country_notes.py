"""What is recorded about countries: only with a source."""

import pytest

from registry.office.errors import OfficeFileError
from registry.office.reasons.country_notes import NOTHING, country_note, noted_countries
from registry.values.countries import COUNTRIES

OWN = """
[[statements]]
countries = ["SE"]
kind = "note"
text.en = "Credit transfer is decided by the institution."
source = "Higher Education Ordinance, chapter 6"
date = 2026-01-31

[[statements]]
countries = ["SE"]
kind = "deadline"
months = 2
source = "https://example.org/ordinance"
date = 2026-01-31
"""


def test_every_statement_of_the_project_has_a_source_and_a_date():
    for country in noted_countries():
        note = country_note(country)
        assert note.statements
        assert all(one.source and one.date for one in note.statements), country


@pytest.mark.parametrize("country", ["CN", "JP", "BR", "IN", "US", "GR", "MX", "ZA"])
def test_the_four_months_of_the_lisbon_convention_are_stated_for_its_parties_only(country):
    note = country_note(country)
    assert note.deadline_months is None
    assert "is a party to the Lisbon" not in note.summary


@pytest.mark.parametrize("country", ["NL", "SE", "GB", "UA", "CA", "AU", "KZ", "IL"])
def test_a_party_of_the_lisbon_convention_has_its_time_limit_with_the_source(country):
    note = country_note(country)
    assert "is a party to the Lisbon Recognition Convention" in note.summary
    assert note.deadline_months == 4
    assert any(one.kind == "deadline" and one.source.startswith("http") for one in note.statements)


@pytest.mark.parametrize("country", ["BR", "TM", "KE"])
def test_about_a_country_without_a_source_it_is_said_that_nothing_is_recorded(country):
    note = country_note(country)
    assert (note.summary, note.statements, note.deadline_months) == (NOTHING, [], None)


@pytest.mark.parametrize("code", ["XX", "ZZ", "EU", "N", "NLD"])
def test_a_code_of_no_country_has_no_note(code):
    assert country_note(code) is None


def test_small_letters_name_the_same_country():
    assert country_note("nl") == country_note("NL")


def test_the_offices_own_statements_stand_beside_those_of_the_project(tmp_path):
    (tmp_path / "countries.toml").write_text(OWN)
    note = country_note("SE", tmp_path)
    assert note.deadline_months == 2
    assert {one.source for one in note.statements} > {"Higher Education Ordinance, chapter 6"}
    assert country_note("NO", tmp_path) == country_note("NO")


def test_of_two_statements_about_one_convention_the_newer_counts(tmp_path):
    (tmp_path / "countries.toml").write_text(
        '[[statements]]\ncountries = ["GR"]\nkind = "party"\nconvention = "lisbon"\n'
        'source = "the depositary"\ndate = 2026-05-01\n'
    )
    assert country_note("GR", tmp_path).deadline_months == 4
    assert "not a party" not in country_note("GR", tmp_path).summary


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[statements]]\ncountries = ["SE"]\nkind = "note"\ntext.en = "a"\ndate = 2026-01-01\n', "source"),
        ('[[statements]]\ncountries = ["SE"]\nkind = "note"\ntext.en = "a"\nsource = "b"\n', "date"),
        ('[[statements]]\ncountries = ["XX"]\nkind = "note"\ntext.en = "a"\nsource = "b"\ndate = 2026-01-01\n', "XX"),
        ('[[statements]]\ncountries = ["SE"]\nkind = "party"\nsource = "b"\ndate = 2026-01-01\n', "convention"),
        (
            '[[statements]]\ncountries = ["SE"]\nkind = "party"\nconvention = "x"\nsource = "b"\ndate = 2026-01-01\n',
            "no convention x",
        ),
        ('[[statements]]\ncountries = ["SE"]\nkind = "deadline"\nsource = "b"\ndate = 2026-01-01\n', "months"),
        ('[SE]\nconvention = "Lisbon"\n', "older form"),
        ("[[statements]\n", "countries.toml"),
    ],
)
def test_an_own_file_without_a_source_or_of_another_form_is_refused_with_its_place(tmp_path, text, says):
    (tmp_path / "countries.toml").write_text(text)
    with pytest.raises(OfficeFileError, match=says):
        country_note("SE", tmp_path)


def test_all_countries_of_the_notes_are_countries():
    assert set(noted_countries()) <= COUNTRIES
