"""Running something until it is stopped, and trying it again after a failure that passes by itself."""

from registry.supervision.supervise import DATABASE_ERRORS, RETRY_SECONDS, TRANSIENT_ERRORS, Stop, supervise

__all__ = ["DATABASE_ERRORS", "RETRY_SECONDS", "TRANSIENT_ERRORS", "Stop", "supervise"]
