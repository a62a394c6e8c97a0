"""Pytest fixture: a real Kafka for the run. Without Java and Maven its tests are skipped, and the run says so.

In CI (CI=true) they fail instead. A broker takes 450 MB, so under xdist all tests that use it go to one worker
(`--dist loadgroup`, as `make test` has it): those with `kafka` in their id, the file's name or a parameter.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.kafka.local import LocalKafka, missing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[LocalKafka]:
    """One broker for this run. A test that stops it starts it again."""
    lacking = missing()
    if lacking is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"Kafka's tests must run in CI, and {lacking}")
        pytest.skip(f"needs a real Kafka: {lacking}")
    with (
        tempfile.TemporaryDirectory(prefix="registry-tests-kafka-", ignore_cleanup_errors=True) as folder,
        LocalKafka(Path(folder)) as broker,
    ):
        yield broker


@pytest.fixture
def empty_broker(kafka_broker: LocalKafka) -> LocalKafka:
    """The same broker without a consortium on it: a command's streams have names of their own choosing."""
    from kafka import KafkaAdminClient  # noqa: PLC0415 - its import warns, which is settled further below

    admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    try:
        ours = [topic for topic in admin.list_topics() if topic.startswith(("registry.", "intake."))]
        if ours:
            admin.delete_topics(ours)
        while any(topic in admin.list_topics() for topic in ours):
            time.sleep(0.05)
    finally:
        admin.close()
    return kafka_broker


def pytest_configure(config: pytest.Config) -> None:
    """Let kafka-python read its own schemas, which it does in a way that Python 3.11 and 3.12 call deprecated."""
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what a run without Kafka did not test."""
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "needs a real Kafka" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("Kafka was not tested")
        terminalreporter.line(f"{len(skipped)} tests were skipped: {missing()}. Install Java 17 or later and Maven.")
