"""Files that only grow: what is added is on the disk whole, or not in the file at all."""

import os
from pathlib import Path


def cut_torn_line(path: Path) -> None:
    """Cut off the part of a line that an interrupted write left at the end of a file of lines."""
    if not path.exists():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def append_durably(path: Path, data: bytes) -> None:
    """Add bytes to a file and make sure that they are on the disk. The folder must be there.

    Raises `OSError` where that fails, as on a full disk; the file then ends where it did before, so that what is added
    later does not follow a torn piece.
    """
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        end = os.fstat(file).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, end)
            raise
    finally:
        os.close(file)
