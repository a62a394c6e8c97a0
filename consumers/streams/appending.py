"""Files that only grow: what is added is on the disk whole, or not in the file at all."""

import os
from collections.abc import Iterable
from pathlib import Path


def read_lines(path: Path) -> list[bytes]:
    """Return the lines of a file, without the part of one that an interrupted write left at its end."""
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1].splitlines()


def append_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Add lines durably; what an interrupted write left at the end is cut off before. Raises `OSError`."""
    if path.exists() and (size := path.stat().st_size):
        with path.open("rb+") as file:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.truncate(path.read_bytes().rfind(b"\n") + 1)
    append_durably(path, b"".join(line + b"\n" for line in lines))


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
