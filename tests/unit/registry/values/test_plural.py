"""A number with its noun."""

import pytest

from registry.values.plural import plural


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "row", "0 rows"),
        (1, "batch", "1 batch"),
        (2, "batch", "2 batches"),
        (2, "entry", "2 entries"),
        (2, "address", "2 addresses"),
        (1234, "event", "1,234 events"),
    ],
)
def test_a_number_has_its_noun_in_the_right_form(number: int, noun: str, text: str) -> None:
    assert plural(number, noun) == text
