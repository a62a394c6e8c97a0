"""Numbers and versions as people type them, and the content of a form without the fields by which it is checked."""

import pytest

from registry.server.pages.forms import content_of, read_number, read_version


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), (" 2,5 ", 2.5), ("0.75", 0.75), (".5", 0.5), ("-1", -1), ("4.0", 4), ("1" * 12, 111_111_111_111)],
)
def test_a_number_has_a_comma_or_a_point(text, number):
    assert read_number(text) == number
    assert isinstance(read_number(text), type(number))


@pytest.mark.parametrize(
    "text", ["inf", "-Infinity", "nan", "1e400", "1e3", "9" * 400, "1_0", "1,000.5", "many", "", "²"]
)
def test_what_is_no_number_stays_text(text):
    assert read_number(text) == text


def test_a_version_has_nine_digits_at_most():
    assert [read_version(text) for text in ("0", "7", "007", "9" * 9)] == [0, 7, 7, 999_999_999]
    assert {read_version(text) for text in ("", "-1", " 1", "1\n", "1.0", "1_0", "²", "٣", "9" * 10, "9" * 5000)} == {
        None
    }


def test_a_form_that_is_sent_again_has_the_same_content():
    first = {"csrf": "a token", "key": "a key", "note": "text"}
    again = {"csrf": "another token", "again": "yes", "key": "a key", "note": "text"}
    assert content_of(first) == content_of(again) == {"note": "text"}
