"""Everybody can read whatever a member wrote."""

import json
import random
from decimal import Decimal

import msgspec
import pytest

from projections.core import contents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("1e400", "1e400"),
        ("-1e400", "-1e400"),
        ("1" * 309, int("1" * 309)),
        ("1" * 310, "1" * 310),
        ("-" + "1" * 309, "-" + "1" * 309),
        ("1" * 5000, "1" * 5000),
        ('"\\ud800"', "\ud800"),
    ],
)
def test_a_number_that_no_double_holds_is_read_as_the_text_that_it_was(text, value):
    for column in (text, text.encode()):
        read = contents.read(column)
        assert (type(read), read) == (type(value), value)


class Line(msgspec.Struct, array_like=True):
    """A row whose last value is whatever somebody wrote."""

    number: Decimal
    written: dict[str, object]


@pytest.mark.parametrize(
    ("text", "value"), [("2.5", 2.5), ("1e400", "1e400"), ("1" * 400, "1" * 400), ('"\\ud800"', "\ud800")]
)
def test_it_is_read_so_within_rows_too(text, value):
    rows = contents.read_as(f'[[4.25, {{"a": {text}}}]]', msgspec.json.Decoder(list[Line]))
    assert rows == [Line(Decimal("4.25"), {"a": value})]


def test_rows_of_another_form_are_refused():
    for wrong in ("[[4.25]]", '[[4.25, {"a": 1e400}], 7]'):
        with pytest.raises(msgspec.ValidationError):
            contents.read_as(wrong, msgspec.json.Decoder(list[Line]))


def test_a_long_number_is_found_wherever_it_stands():
    chance = random.Random(4)
    for _ in range(2000):
        digits = "7" * chance.choice([308, 309, 310, 311, 640])
        before, after = ("x" * chance.randrange(700) for _ in range(2))
        found = contents.read(f'{{"{before}": {digits}, "after": "{after}"}}')
        assert found == {before: int(digits) if len(digits) < 310 else digits, "after": after}, json.dumps(found)
