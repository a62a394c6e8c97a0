"""The lists of an export, which say if they are cut."""

import pytest

from registry.learners.access_export import cut


@pytest.mark.parametrize(
    ("rows", "expected"), [([], ([], True)), ([1, 2], ([1, 2], True)), ([1, 2, 3], ([1, 2], False))]
)
def test_a_list_that_is_cut_says_so(rows, expected):
    assert cut(rows, 2) == expected
