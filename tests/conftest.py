"""Fixtures for all tests; PostgreSQL's stand in tests/support/postgres.py, Kafka's in tests/support/kafka.py."""

pytest_plugins = [
    "tests.support.postgres",
    "tests.support.kafka",
    "tests.support.go",
    "tests.support.generated",
    "tests.support.npm",
    "tests.support.verapdf",
    "tests.support.workers",
]
