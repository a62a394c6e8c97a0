"""Evidence that a log showed two histories, in a file that a witness only appends to."""

import errno
from pathlib import Path

import msgspec
import structlog

from consumers.streams.appending import append_lines, read_lines

_log = structlog.get_logger(__name__)


class Caught(msgspec.Struct, frozen=True):
    """A log that showed two histories: two signed notes that contradict each other."""

    origin: str
    size: int
    notes: tuple[str, str]


class Evidence:
    """All contradictions that a witness found."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.all: list[Caught] = self._read()

    def has(self, origin: str) -> bool:
        """Return whether a log was caught: one contradiction is evidence enough."""
        return any(caught.origin == origin for caught in self.all)

    def add(self, caught: Caught) -> None:
        """Store a contradiction durably, unless there is one at that size already."""
        if any((each.origin, each.size) == (caught.origin, caught.size) for each in self.all):
            return
        _log.error("witness.two_histories", origin=caught.origin, size=caught.size)
        append_lines(self._file, [msgspec.json.encode(caught)])
        self.all.append(caught)

    def _read(self) -> list[Caught]:
        try:
            return [msgspec.json.decode(line, type=Caught) for line in read_lines(self._file)]
        except msgspec.DecodeError as error:
            fault = f"a line of it is not evidence ({error}); restore the file from a copy"
            raise OSError(errno.EBADMSG, fault, str(self._file)) from error
