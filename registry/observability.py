"""structlog, set up once: events with stable names, to standard error, and no personal data in them.

A service (`begin_service`) writes nothing but its log there: messages for people, warnings, errors that end a thread,
and what libraries log become events, too. So every line is JSON where no terminal is, or where the settings say so.
"""

import functools
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, Literal, ParamSpec, TextIO, cast

P = ParamSpec("P")
LEVELS: Final = ("debug", "info", "warning", "error")
Format = Literal["auto", "text", "json"]
"""`auto`: text for people on a terminal, JSON lines elsewhere."""


class _StandardError:
    """Whatever standard error is when something is written: loggers outlive a stream that is put in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class _Style:
    """Form and level of this process's log."""

    format: Format = "auto"
    level = "warning"
    is_service = False

    @property
    def is_json(self) -> bool:
        """True if lines are JSON."""
        return self.format == "json" or (self.format == "auto" and not sys.stderr.isatty())


_style = _Style()


def configure(level: str = "warning", form: Format | None = None) -> None:
    """Log from this level up, from now on and in every logger. Without `form` the form of lines stays."""
    import structlog  # noqa: PLC0415 - it takes a tenth of a second to load, which `registry --version` need not wait

    _style.level = level
    _style.format = form or _style.format
    structlog.configure(
        processors=[*_first_processors(), *_last_processors()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _StandardError())),
    )


def _first_processors() -> list[Any]:
    import structlog  # noqa: PLC0415 - as above

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last_processors() -> list[Any]:
    import structlog  # noqa: PLC0415 - as above

    if not _style.is_json:
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def current_level() -> str:
    """Return the level from which this process logs."""
    return _style.level


def begin_service() -> None:
    """Write all that this process reports to its log, from now on: it is a service, and nobody reads along."""
    import structlog  # noqa: PLC0415 - as above

    if _style.is_service:
        return
    _style.is_service = True
    handler = logging.StreamHandler(cast("TextIO", _StandardError()))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_first_processors(), structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last_processors()],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread_failure


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    import structlog  # noqa: PLC0415 - as above

    if failure.exc_value is None:
        return
    name = failure.thread.name if failure.thread is not None else None
    structlog.get_logger(__name__).error("thread.failed", thread=name, exc_info=failure.exc_value)


def writes_messages() -> bool:
    """True if messages for people are to be written to the log, as JSON lines."""
    return _style.is_service and _style.is_json


def write_message(text: str) -> None:
    """Write a message for people as a line of the log, whatever its level is."""
    import structlog  # noqa: PLC0415 - as above

    event = {"event": "message", "message": text}
    for processor in (*_first_processors(), structlog.processors.JSONRenderer()):
        event = processor(None, "info", event)
    sys.stderr.write(f"{event}\n")
    sys.stderr.flush()


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
