"""The times of a node's last backups and archives, in files of its folder. They name neither files nor persons."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from registry.log.durable_files import replace_file

Run = Literal["backup", "key-backup", "archive"]
_log = structlog.get_logger(__name__)


def note(home: Path, run: Run) -> None:
    """Note that a run has succeeded now."""
    try:
        replace_file(_file(home, run), f"{datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
    except OSError as unwritten:  # for example a full disk: the backup itself was made
        _log.error("last_run.not_kept", run=run, reason=unwritten.strerror)


def read(home: Path, run: Run) -> datetime | None:
    """Return when a run last succeeded; None if that is not known."""
    try:
        return datetime.fromisoformat(_file(home, run).read_text().strip())
    except (OSError, ValueError):
        return None


def _file(home: Path, run: Run) -> Path:
    return home / f"last-{run}"
