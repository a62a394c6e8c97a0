"""Which tests share a worker under pytest-xdist, and which begin first."""

from collections import Counter
from collections.abc import Sequence

import pytest

KAFKA = "kafka"
"""Tests with this word in their id share one broker."""
BROWSER = "tests/browser"
"""Tests in this folder share one node and one browser."""

SECONDS = {
    KAFKA: 500,
    BROWSER: 220,
    "tests/e2e/test_every_command.py": 80,
    "tests/integration/test_vectors.py": 110,
    "tests/http/test_description.py": 70,
    "tests/e2e/test_audit_command.py": 85,
    "tests/e2e/test_bytes_after_erasure.py": 55,
    "tests/e2e/test_takeover.py": 35,
    "tests/unit/deploy/test_wheel.py": 40,
    "tests/http/test_faults.py": 40,
    "tests/http/test_connections.py": 70,
    "tests/e2e/test_changed_log.py": 70,
    "tests/e2e/test_demo.py": 60,
    "tests/e2e/test_loss.py": 60,
    "tests/e2e/test_witness.py": 55,
    "tests/http/test_tokens.py": 50,
    "tests/e2e/test_bulk_changes.py": 50,
    "tests/e2e/test_command.py": 45,
    "tests/e2e/test_webhook.py": 45,
    "tests/integration/test_folding_again.py": 45,
    "tests/unit/registry/letters/test_letter.py": 45,
    "tests/integration/test_postgres.py": 45,
    "tests/e2e/test_silence.py": 40,
    "tests/http/test_batches.py": 40,
    "tests/unit/registry/export/test_badges_by_others.py": 40,
    "tests/http/test_documents.py": 35,
    "tests/http/test_proxy.py": 35,
    "tests/http/test_metrics.py": 35,
    "tests/http/test_access.py": 35,
    "tests/http/test_recognition.py": 30,
    "tests/http/test_not_accepted.py": 30,
    "tests/e2e/test_stacking.py": 30,
    "tests/integration/test_webhooks.py": 30,
    "tests/integration/test_projector.py": 25,
    "tests/integration/test_publisher.py": 25,
    "tests/e2e/test_kills.py": 25,
}
"""How long the longest take on two processors; of all others, a tenth of a second a test."""

EXTERNAL = frozenset(
    {"postgres", "kafka_broker", "verapdf", "go_checks", "npm_checks", "generator", "chromium", "helm"}
)
"""Fixtures that need a program besides Python: `make test-fast` leaves out the tests that ask for one."""


SHARED = ("reading", "node")
"""Fixtures of tests/http/conftest.py: nodes that files share, in the order in which they are needed."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each file to one worker, so that its fixtures are made once.

    Not by the mark `xdist_group`: pytest-xdist 3.8 writes that where pytest 9.2 no longer reads it.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling  # noqa: PLC0415 - there is no xdist where it is not asked for

    class Shared(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

    return Shared(config, log)


def scope_of(nodeid: str) -> str:
    """Return what a test shares a worker with: its file, all tests on Kafka, or all in a browser."""
    if nodeid.startswith(BROWSER):
        return BROWSER
    return KAFKA if KAFKA in nodeid else nodeid.partition("::")[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that need another program; under pytest-xdist begin with what takes longest, so that none is last.

    What shares a node with other files comes last: a node that runs costs processor time even if nobody asks it.
    """
    for item in items:
        if not EXTERNAL.isdisjoint(_fixtures(item)):
            item.add_marker("external")
    if hasattr(config, "workerinput"):
        tests = Counter(scope_of(item.nodeid) for item in items)
        sharing = {
            scope_of(item.nodeid): shared
            for shared in SHARED
            for item in items
            if item.nodeid.startswith("tests/http/") and shared in _fixtures(item)
        }

        def order(item: pytest.Item) -> tuple[int, float]:
            scope = scope_of(item.nodeid)
            last = SHARED.index(sharing[scope]) + 1 if scope in sharing else 0
            return last, -SECONDS.get(scope, tests[scope] / 10)

        items.sort(key=order)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())
