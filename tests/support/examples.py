"""How many examples Hypothesis tries: few in every run, many with `make test THOROUGH=1`."""

import os

THOROUGH = os.environ.get("TESTS_THOROUGH", "") not in {"", "0"}
"""True where a run may take as long as it likes."""


def examples(count: int, thorough: int) -> int:
    """Return the number of examples of a property; `thorough` is the number for a run that may take long."""
    return thorough if THOROUGH else count
