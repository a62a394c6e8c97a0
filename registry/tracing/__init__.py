"""Traces in OpenTelemetry's form. A leaf: it knows no log, no database and no node. See docs/tracing.md."""
