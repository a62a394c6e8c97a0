"""The last error of a running node, for other processes.

It is in a file of the node's folder, which can be written and read while the database is away.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from registry.log.durable_files import PRIVATE, replace_file

_log = structlog.get_logger(__name__)
_FILE = "last-error.json"
PUBLISHING: Final = "publishing"
"""The work of the publisher."""


class LastError(msgspec.Struct, frozen=True):
    """An error with its time and the service that it interrupted."""

    time: str
    work: str
    error: str


def note(home: Path, work: str, error: BaseException) -> None:
    """Write an error in place of the one before."""
    text = " ".join(str(error).split()) or type(error).__name__
    last_error = LastError(datetime.now(UTC).isoformat(timespec="seconds"), work, f"{type(error).__name__}: {text}")
    try:
        # Readable by its owner only: a message may quote data. Several threads may write at once.
        replace_file(home / _FILE, msgspec.json.encode(last_error) + b"\n", mode=PRIVATE, durable=False)
    except OSError as unwritten:  # for example a full disk: the service goes on
        _log.error("last_error.not_kept", work=work, error=type(error).__name__, reason=unwritten.strerror)


def read(home: Path) -> LastError | None:
    """Return the last error; None if there is none, or its file cannot be parsed."""
    try:
        return msgspec.json.decode((home / _FILE).read_bytes(), type=LastError)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
