"""The last thing that went wrong while a node was at work, kept where another process finds it.

It stands in a file of the node's folder: that can be written and read while the database is away.
"""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

_log = structlog.get_logger(__name__)
_FILE = "last-error.json"


class LastError(msgspec.Struct, frozen=True):
    """When, at which work, and what."""

    time: str
    work: str
    error: str


def note(home: Path, work: str, error: BaseException) -> None:
    """Keep it; the one before is forgotten."""
    text = " ".join(str(error).split()) or type(error).__name__
    found = LastError(datetime.now(UTC).isoformat(timespec="seconds"), work, f"{type(error).__name__}: {text}")
    fresh = home / f".{_FILE}.{threading.get_native_id()}"  # several threads may have something to say at once
    try:
        # Only for its owner: what went wrong may quote what was at hand.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(found) + b"\n")
        fresh.replace(home / _FILE)
    except OSError as unwritten:  # a full disk, say: the work is tried again all the same
        _log.error("last_error.not_kept", work=work, error=type(error).__name__, reason=unwritten.strerror)


def read(home: Path) -> LastError | None:
    """The last one; None where there was none, or its file is not one of ours."""
    try:
        return msgspec.json.decode((home / _FILE).read_bytes(), type=LastError)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
