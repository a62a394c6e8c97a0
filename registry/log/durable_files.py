"""Files that are whole or absent after a crash, and files that only their owner may read.

The shared log and its readers write files by these functions, and so do the rooms that hold keys and personal data. A
file that only grows is added to by `consumers.streams.appending`; a file that is written as it arrives (a segment, a
batch, a backup) is opened or synced by the functions here.
"""

import os
import threading
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE: Final = 0o600
"""The mode of a file that only its owner may read."""


def create_private_file(path: Path) -> BinaryIO:
    """Open a new file that only its owner may read, whatever the umask. Raises `FileExistsError`, `OSError`."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    os.fchmod(file, PRIVATE)
    return os.fdopen(file, "wb")


def sync_file(file: BinaryIO) -> None:
    """Make what was written to an open file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def replace_file(path: Path, content: bytes, *, mode: int | None = None, durable: bool = True) -> None:
    """Write a file whole or not at all, also in the place of an earlier one. Raises `OSError`.

    `mode` is the file's, whatever the umask; None leaves it to the umask. A power cut may undo what is not `durable`.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")
    try:
        partial.unlink(missing_ok=True)
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with os.fdopen(file, "wb") as out:
            if mode is not None:
                os.fchmod(file, mode)
            out.write(content)
            if durable:
                sync_file(out)
        partial.replace(path)
    except BaseException:  # whatever it was, no incomplete file stays
        partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)
