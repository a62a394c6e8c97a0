"""structlog, set up once: events with stable names, to standard error, and no personal data in them."""

import functools
import logging
import sys
from collections.abc import Callable
from typing import Final, ParamSpec, TextIO, cast

P = ParamSpec("P")
LEVELS: Final = ("debug", "info", "warning", "error")


class _StandardError:
    """Whatever standard error is when something is written: loggers outlive a stream that is put in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: str = "warning") -> None:
    """Log from this level up: as text for people on a terminal, as JSON lines elsewhere."""
    import structlog  # noqa: PLC0415 - it takes a tenth of a second to load, which `registry --version` need not wait

    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _StandardError())),
    )


def debugging() -> bool:
    """True if the log is at its most detailed level, at which errors are printed with their tracebacks."""
    import structlog  # noqa: PLC0415 - as above

    return bool(structlog.is_configured() and structlog.get_logger().is_enabled_for(logging.DEBUG))


def log_failures(observer: Callable[P, None]) -> Callable[P, None]:
    """Return an observer whose failures are logged: the observed act is done, and must not be reported as failed."""

    @functools.wraps(observer)
    def call(*args: P.args, **named: P.kwargs) -> None:
        try:
            observer(*args, **named)
        except Exception:  # noqa: BLE001 - a fault of the observer must not stop the work
            import structlog  # noqa: PLC0415 - as above

            structlog.get_logger(__name__).exception("observer.failed")

    return call
