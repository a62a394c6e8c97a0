"""Texts that are hardly anybody's name, and ids that are placeholders, are refused unless somebody means them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.application.requests import IssueRequest
from registry.intake.rows.row_checker import RowChecker
from registry.values.persons import (
    are_usual,
    doubtful_name,
    name_fault,
    normalise_name,
    number_fault,
    record_fault,
    swapped_fault,
)
from tests.support.catalogues import Everything
from tests.support.examples import examples

ROW = {
    "record": "r1",
    "achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03",
    "student": "s1234567",
    "family_name": "Jansen",
    "given_name": "Ada",
    "date_of_birth": "2001-02-03",
    "awarding_date": "2026-06-30",
}
NOBODY = [
    "M?ller", "Jos?", "[object Object]", "unbekannt", "Unbekannt", "keine Angabe", "No name", "(leer)", "onbekend",
    "Jan 3", "30.06.2026", "2026-06-30", "8.9E+15", "s1234567", "M&uuml;ller", "O&#39;Neill", "<b>Jansen</b>",
    "{{ name }}", "M\\u00fcller", "inconnue", "brak danych", "Anonymous",
]  # fmt: skip
SOMEBODY = [
    "Jansen", "de Vries-Jansen", "O'Neill", "Müller", "Nguyễn", "李", "Ó Súilleabháin", "Null-Berg", "St. John", "Ng",
    "X Æ", "Brakman", "Leerink", "Kade", "Testa", "D\u2019Angelo", "Md.", "Smith, Jr.", "Иванов", "Παπαδόπουλος",
]  # fmt: skip


def check(*, keep_text=False, **values):
    return RowChecker(Everything(), keep_text=keep_text).check(1, ROW | values).result


@pytest.mark.parametrize("name", ["family_name", "given_name"])
@pytest.mark.parametrize("text", NOBODY)
def test_a_text_that_is_hardly_a_name_is_asked_about(name, text):
    found = check(**{name: text})
    assert isinstance(found, tuple)
    assert {problem.field for problem in found} <= {name, "student"}
    assert not are_usual("r1", "17", *[text if name == one else "Ada" for one in ("family_name", "given_name")])


@pytest.mark.parametrize("text", ["M?ller", "unbekannt", "Jan 3", "<b>Jansen</b>"])
def test_whoever_says_that_it_is_the_name_may_have_it(text):
    assert "--keep-text" in doubtful_name(text) + check(family_name=text)[0].detail
    assert isinstance(check(keep_text=True, family_name=text), IssueRequest)


@pytest.mark.parametrize("text", ["0", "123", "12.5", "30.06.2026", "\u2013", "12/3"])
def test_a_text_without_a_letter_is_no_name_whoever_says_so(text):
    assert name_fault(text) is not None
    assert isinstance(check(keep_text=True, family_name=text), tuple)
    request = IssueRequest("r1", ROW["achievement"], None, "s1", text, "Ada", "2001-02-03", "2026-06-30")
    assert request.fault()[0] == "family_name"


@pytest.mark.parametrize("text", SOMEBODY)
def test_a_name_is_left_alone(text):
    assert isinstance(check(family_name=text), IssueRequest)
    assert isinstance(check(given_name=text), IssueRequest)


@pytest.mark.parametrize("name", ["family_name", "given_name"])
@pytest.mark.parametrize(
    ("student", "text"), [("smith", "Smith"), ("SMITH", "smith"), ("de vries", "De Vries"), ("Smith", "Smith")]
)
def test_a_number_that_is_the_name_in_whichever_case_is_asked_about(name, student, text):
    [problem] = check(student=student, **{name: text})
    assert (problem.field, "swapped" in problem.detail) == ("student", True)
    assert isinstance(check(student=student, keep_text=True, **{name: text}), IssueRequest)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*NOBODY, *SOMEBODY, "smith", "Smith", "SMITH", "s1", "17", "0", "(", "na", "NIL", "1E5"]),
            st.text("aBsSmITh017 .'-,eE+#(/", max_size=8),
        ).map(normalise_name),
        min_size=4,
        max_size=4,
    )
)
@settings(max_examples=examples(150, thorough=1000))
def test_a_row_that_is_usual_is_one_to_which_no_rule_objects(texts):
    if are_usual(*texts):
        record, student, *names = texts
        assert record_fault(record) is None
        assert number_fault(student) is None
        assert [name_fault(name) for name in names] == [None, None]
        assert [doubtful_name(name) for name in names] == [None, None]
        assert swapped_fault(student, *names) is None


@pytest.mark.parametrize("student", ["17", "s17", "Smith-17"])
def test_most_rows_are_usual(student):
    assert are_usual("r1", student, "Smith", "Ada")


def test_a_number_that_is_the_name_is_asked_about():
    [problem] = check(student="Jansen")
    assert problem.field == "student"
    assert "swapped" in problem.detail
    fields = {problem.field for problem in check(student="Jansen", family_name="s1234567")}
    assert fields == {"family_name"}


@pytest.mark.parametrize("text", ["null", "NULL", "n/a", "none", "undefined", "tbd", "unknown"])
def test_a_placeholder_is_no_id_of_a_row(text):
    assert record_fault(text) is not None
    assert [problem.field for problem in check(record=text)] == ["record"]
    request = IssueRequest(text, ROW["achievement"], None, "s1", "Jansen", "Ada", "2001-02-03", "2026-06-30")
    assert request.fault()[0] == "record"
