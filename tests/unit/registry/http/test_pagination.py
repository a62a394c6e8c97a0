"""Pages of long lists are bounded in bytes."""

import pytest

from registry.http.pagination import fit_bytes


@pytest.mark.parametrize(
    ("items", "most", "kept"),
    [([], 10, 0), (["x" * 98], 10, 1), (["x" * 98] * 5, 300, 3), (["x" * 98] * 5, 299, 2), (["x" * 98] * 5, 500, 5)],
)
def test_a_page_has_the_items_that_fit_and_at_least_one(items, most, kept):
    assert fit_bytes(items, most) == items[:kept]
