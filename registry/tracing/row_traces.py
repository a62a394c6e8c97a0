"""One trace for each row, from the intake to the views, over all processes of a node.

No context is passed between processes. The trace's id is a hash of the event's id, which each process knows; the id of
the trace's first span, the intake's, is a hash, too.
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
    """The traces of one process, sent at intervals and at its end. Threads may share it."""

    def __init__(self, member: str) -> None:
        """OpenTelemetry's own variables (`OTEL_…`) set the address and the sampling."""
        self._member = member
        self._ids = _Ids()
        service = os.environ.get(_SERVICE_VARIABLE, _SERVICE)
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_SERVICE)

    def intake(self, event: str, began: float, ended: float) -> None:
        """Record the span in which an event was stored; times are seconds since 1970."""
        if self._is_sampled(event):
            with self._ids.use(*_ids_of(event)):
                self._span("intake", None, began, ended)

    def publish(self, event: str, began: float, ended: float) -> None:
        """Record the span in which an event was appended to the log."""
        self._after_intake("publish", event, began, ended)

    def project(self, event: str, began: float, ended: float) -> None:
        """Record the span in which an event was written to the views."""
        self._after_intake("project", event, began, ended)

    def _after_intake(self, name: str, event: str, began: float, ended: float) -> None:
        if self._is_sampled(event):
            trace_id, span_id = _ids_of(event)
            intake = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            self._span(name, intake, began, ended)

    def _span(self, name: str, parent: SpanContext | None, began: float, ended: float) -> None:
        context = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent))
        span = self._tracer.start_span(
            name, context, start_time=_nanoseconds(began), attributes={"registry.member": self._member}
        )
        span.end(_nanoseconds(max(began, ended)))

    def _is_sampled(self, event: str) -> bool:
        """Return True if this event is traced: all processes decide alike, by the trace's id."""
        result = self._provider.sampler.should_sample(None, _ids_of(event)[0], "intake")
        return bool(result.decision.is_sampled())  # type: ignore[no-untyped-call] # it has no types


class _Ids(RandomIdGenerator):
    """Chosen ids for the next span of a thread; otherwise random ones."""

    def __init__(self) -> None:
        self._chosen = threading.local()

    @contextlib.contextmanager
    def use(self, trace_id: int, span_id: int) -> Iterator[None]:
        """Use these ids inside."""
        self._chosen.ids = trace_id, span_id
        try:
            yield
        finally:
            self._chosen.ids = None

    def generate_trace_id(self) -> int:
        """Return the id of a new trace."""
        ids = getattr(self._chosen, "ids", None)
        return super().generate_trace_id() if ids is None else ids[0]

    def generate_span_id(self) -> int:
        """Return the id of a new span."""
        ids = getattr(self._chosen, "ids", None)
        return super().generate_span_id() if ids is None else ids[1]


def _ids_of(event: str) -> tuple[int, int]:
    """Return the id of an event's trace and the id of its first span."""
    digest = hashlib.sha256(f"registry trace {event}".encode()).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
