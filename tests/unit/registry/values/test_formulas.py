"""What a spreadsheet would run as a formula: found wherever it could begin, and escaped so that it is read back."""

import csv
import io
import random
import re

import pytest

from registry.values.formulas import DELIMITERS, begins_formula, escape_formulas, restore_within

_PIECES = (*"=+-@';,\t|\n \"aé1", "\u200b", "\u00a0", "\uff1d", "\ufeff", "''")


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+x",
        "@a",
        "-x",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "\u2060\u00a0=1",
        "\uff1d1",
        "\ufe661",
        "'=1",
        "''=1",
        "\t=1",
    ],
)
def test_a_formula_is_found_behind_whatever_is_not_seen(text):
    assert begins_formula(text)
    assert begins_formula(escape_formulas(text))
    assert escape_formulas(text).startswith("'")


@pytest.mark.parametrize("text", ["", "a", "1=1", "'t Hart", "é=", "(-1)", "\u2212 1", "\u200b", "'", "8.5"])
def test_other_texts_are_no_formulas(text):
    assert not begins_formula(text)
    assert escape_formulas(text) == text


@pytest.mark.parametrize("text", ["-5", "+5.5", "-", "+", "-0,5"])
def test_a_number_with_a_sign_is_not_escaped(text):
    assert escape_formulas(text) == text


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("text", ["a{}=cmd|'/c calc'!A0{}b", 'a{}"=cmd"', "x{} \u200b@SUM(1)", "a{}\uff0b1"])
def test_a_program_that_splits_at_another_delimiter_runs_nothing(text, delimiter):
    escaped = escape_formulas(text.replace("{}", delimiter))
    for other in DELIMITERS:
        for piece in re.split(f"[{re.escape(other)}\n]", escaped):
            [cell] = next(csv.reader(io.StringIO(piece), delimiter="\x1f"))
            assert not begins_formula(cell) or cell.lstrip('" \u200b').startswith("'"), (other, cell)


def test_whatever_stands_within_a_text_is_restored():
    chance = random.Random(7)
    for _ in range(20_000):
        text = "x" + "".join(chance.choices(_PIECES, k=chance.randrange(12)))
        assert restore_within(escape_formulas(text)) == text


def test_a_long_text_of_delimiters_takes_no_quadratic_time():
    text = "a" + "\t" * 200_000 + "=" + ";'" * 50_000
    assert restore_within(escape_formulas(text)) == text
