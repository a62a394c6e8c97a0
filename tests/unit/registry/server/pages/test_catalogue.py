"""The filters of the catalogue."""

from registry.server.pages.catalogue import Choice, shorten_choices

CHOICES = [Choice(str(number), f"Value {number}", number) for number in range(150)]


def test_a_filter_with_many_values_keeps_the_chosen_one():
    assert len(shorten_choices(CHOICES, "")) == 100
    assert shorten_choices(CHOICES, "5") == CHOICES[:100]
    shown = shorten_choices(CHOICES, "149")
    assert (len(shown), shown[0]) == (100, CHOICES[149])
