"""A node traces only where an address for traces is set and OpenTelemetry is installed."""

import sys

import pytest
from structlog.testing import capture_logs

from registry.node.services.tracing import create_traces
from registry.node.services.unseen import Unseen


@pytest.fixture
def unset(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("unset")
def test_nothing_is_traced_unless_it_is_said_where_to_send_it(monkeypatch):
    assert create_traces("twente") is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert create_traces("twente") is None


@pytest.mark.usefixtures("unset")
def test_a_node_without_opentelemetry_says_that_it_traces_nothing(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delitem(sys.modules, "registry.tracing.row_traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with capture_logs() as logs:
        assert create_traces("twente") is None
    assert [(log["event"], log["advice"]) for log in logs] == [
        ("tracing.not_installed", "install credential-registry[otel]")
    ]


def test_what_is_on_the_log_waits_for_the_end_of_the_step_that_brings_it_into_the_views():
    unseen = Unseen("twente")
    assert unseen.add([(1, "first"), (3, "second")]) == []
    unseen.reach("lund", 9)
    assert unseen.step() == []
    unseen.reach("twente", 2)
    assert unseen.add([]) == []  # the step has not ended
    assert unseen.step() == ["first"]
    unseen.reach("twente", 5)
    assert unseen.step() == ["second"]
    assert unseen.add([(5, "third"), (6, "fourth")]) == ["third"]  # the projector was faster than the publisher
