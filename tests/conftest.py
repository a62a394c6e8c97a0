"""Fixtures for all tests; PostgreSQL's are in tests/support/postgres.py, Kafka's in tests/support/kafka.py."""

import pytest
import structlog
from hypothesis import settings

from tests.support.examples import examples

pytest_plugins = [
    "tests.support.postgres",
    "tests.support.kafka",
    "tests.support.go",
    "tests.support.generated",
    "tests.support.helm",
    "tests.support.npm",
    "tests.support.verapdf",
    "tests.support.workers",
]


# A loaded machine is slow: no example fails for the time that it takes.
settings.register_profile("tests", deadline=None, max_examples=examples(40, thorough=500))
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def logging_settings():
    """Put back how the tests log: a command that runs in the test's own process sets its own level."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
