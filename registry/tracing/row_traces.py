"""A row's way from intake to view as one trace, over all processes of a node.

No context goes from one process to the next. The trace's id is a hash of the event's id, which each of them knows; the
span of the intake is the trace's first, and its id is a hash, too.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

_SERVICE: Final = "credential-registry"
_SERVICE_VARIABLE: Final = "OTEL_SERVICE_NAME"


class RowTraces:
    """The traces of one process. May be used by several threads. They are sent at intervals, and at its end."""

    def __init__(self, member: str) -> None:
        """Where they are sent to, and how many of them, is in OpenTelemetry's own variables (`OTEL_…`)."""
        self._member = member
        self._ids = _Ids()
        service = os.environ.get(_SERVICE_VARIABLE, _SERVICE)
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_SERVICE)

    def intake(self, event: str, began: float, ended: float) -> None:
        """Trace that an event was stored; times are seconds since 1970."""
        if self._sampled(event):
            with self._ids.given(*_ids_of(event)):
                self._span("intake", None, began, ended)

    def publish(self, event: str, began: float, ended: float) -> None:
        """Trace that an event was put on the log."""
        self._after_intake("publish", event, began, ended)

    def project(self, event: str, began: float, ended: float) -> None:
        """Trace that an event came into the views."""
        self._after_intake("project", event, began, ended)

    def _after_intake(self, name: str, event: str, began: float, ended: float) -> None:
        if self._sampled(event):
            trace_id, span_id = _ids_of(event)
            intake = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            self._span(name, intake, began, ended)

    def _span(self, name: str, parent: SpanContext | None, began: float, ended: float) -> None:
        context = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent))
        span = self._tracer.start_span(
            name, context, start_time=_nanoseconds(began), attributes={"registry.member": self._member}
        )
        span.end(_nanoseconds(max(began, ended)))

    def _sampled(self, event: str) -> bool:
        """Whether this event is traced: every process decides alike, by the trace's id."""
        result = self._provider.sampler.should_sample(None, _ids_of(event)[0], "intake")
        return bool(result.decision.is_sampled())  # type: ignore[no-untyped-call] # theirs has no types


class _Ids(RandomIdGenerator):
    """Ids of one's own for the span that a thread is about to begin; else random ones."""

    def __init__(self) -> None:
        self._given = threading.local()

    @contextlib.contextmanager
    def given(self, trace_id: int, span_id: int) -> Iterator[None]:
        """Use these ids inside."""
        self._given.ids = trace_id, span_id
        try:
            yield
        finally:
            self._given.ids = None

    def generate_trace_id(self) -> int:
        """Return the id of a new trace."""
        ids = getattr(self._given, "ids", None)
        return super().generate_trace_id() if ids is None else ids[0]

    def generate_span_id(self) -> int:
        """Return the id of a new span."""
        ids = getattr(self._given, "ids", None)
        return super().generate_span_id() if ids is None else ids[1]


def _ids_of(event: str) -> tuple[int, int]:
    """Return the id of an event's trace and the id of its first span."""
    digest = hashlib.sha256(f"registry trace {event}".encode()).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
