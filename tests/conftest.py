"""Fixtures for all tests; those of PostgreSQL stand in tests/support/postgres.py."""

pytest_plugins = ["tests.support.postgres"]
