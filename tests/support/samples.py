"""Documents that others wrote, beside the checkout (`../shared/data`): tried where they are, missed in CI."""

import os
from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"
OPEN_BADGES = (
    "mbob_ht_pf_microcredential_full",
    "theed_microcredential_full_ho",
    "theed_microcredential_minimal_ho",
    "theed_regular_full_ho",
    "uvh_at_microcredential_full_1",
)


def sample(name):
    """The path of one of them. Skips where the folder is missing; fails for that in CI."""
    path = DATA / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the samples of others must be tried in CI, and {name} is not at {path}")
        pytest.skip(f"{name} is not beside this checkout (../shared/data)")
    return path


CASES = Path(__file__).parents[3] / "shared" / "cases" / "import"


def case(name):
    """The path of a small input that once failed (`../shared/cases/import`). Skips where the folder is missing."""
    path = CASES / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout (../shared/cases/import)")
    return path
