"""A fixture for tests in which brokers refuse Kafka's client: it forgets to close such a socket."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def collect_sockets() -> Iterator[None]:
    """Let the sockets that the client forgot end with their test, and not in the middle of another."""
    yield
    gc.collect()
