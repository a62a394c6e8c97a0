"""The log level of a running node, which `registry log-level` changes at once for all of its processes here.

The level is in a file of the node's folder, which every process looks at. After some time the level of the settings
counts again, so that nobody leaves a node at `debug`.
"""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from registry import observability
from registry.log.durable_files import replace_file
from registry.observability import Format
from registry.supervision import supervise

_log = structlog.get_logger(__name__)
_FILE: Final = "log-level.json"
LOOK_SECONDS: Final = 2.0
"""Interval at which processes look at the file."""


class UnreadableLevel(Exception):
    """The file of the chosen level is damaged. The message says where and what to do."""


class LogLevel(msgspec.Struct, frozen=True):
    """A level that counts in place of the one in the settings, until a moment (RFC 3339)."""

    level: str
    until: str

    @property
    def is_over(self) -> bool:
        """True once the level of the settings counts again."""
        return datetime.fromisoformat(self.until) <= datetime.now(UTC)


def set_level(home: Path, level: str, minutes: int) -> LogLevel:
    """Let all processes of the node in this folder log from a level up, for some minutes. Raises `OSError`."""
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    chosen = LogLevel(level, until.isoformat(timespec="seconds"))
    replace_file(home / _FILE, msgspec.json.encode(chosen) + b"\n", durable=False)
    return chosen


def reset_level(home: Path) -> None:
    """Let the level of the settings count again. Raises `OSError`."""
    (home / _FILE).unlink(missing_ok=True)


def read_level(home: Path) -> LogLevel | None:
    """Return the level that counts in place of the one in the settings; None if there is none, or it is over.

    Raises `UnreadableLevel`.
    """
    try:
        chosen = msgspec.json.decode((home / _FILE).read_bytes(), type=LogLevel)
        is_over = chosen.is_over
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # msgspec's errors are such, too
        raise UnreadableLevel(f"{home / _FILE} cannot be read ({error}). Run `registry log-level reset`") from error
    if chosen.level not in observability.LEVELS:
        raise UnreadableLevel(f"{home / _FILE} has an unknown level. Run `registry log-level reset`")
    return None if is_over else chosen


def begin_logging(home: Path, level: str, form: Format) -> None:
    """Log as a service of the node in this folder, and follow changes of its level from now on."""
    observability.begin_service()
    observability.configure(level, form)
    look = LevelFollower(home, level).look
    look()
    # It ends with the process.
    threading.Thread(
        target=supervise,
        args=("following the log level", look, threading.Event()),
        kwargs={"pause_seconds": LOOK_SECONDS, "survives_faults": True},
        name="log level",
        daemon=True,
    ).start()


class LevelFollower:
    """Applies the level that is chosen for a node to this process."""

    def __init__(self, home: Path, level: str) -> None:
        """`level` is the one of the settings or the command line."""
        self._home = home
        self._level = level
        self._reported = ""

    def look(self) -> None:
        """Change this process's level if another one counts now, and log the change."""
        try:
            chosen = read_level(self._home)
        except UnreadableLevel as fault:
            if str(fault) != self._reported:
                _log.error("log.level_unreadable", error=str(fault))
            self._reported = str(fault)
            return
        level = self._level if chosen is None else chosen.level
        if level != observability.current_level():
            observability.configure(level)
            _log.warning("log.level_changed", logs_from=level, until=None if chosen is None else chosen.until)
