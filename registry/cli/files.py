"""Files that people name on the command line: all are read and written in the same way, with the same refusals."""

import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from registry.log.durable_files import replace_file
from registry.wire.validation_messages import format_error

MAX_BYTES = 64 * 1024**2
"""The largest file that is read whole, in bytes."""

T = TypeVar("T")


class FileError(Exception):
    """A file that cannot be read, or has the wrong content. The message names it and says why."""


def read_bytes(file: Path) -> bytes:
    """Return a file's bytes; `-` reads standard input. Raises `FileError`."""
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"Cannot read {file}: {error.strerror or error}.") from error
    if len(data) > MAX_BYTES:
        raise FileError(f"{file} is too large: over {MAX_BYTES // 1024**2} MiB.")
    return data


def read_text(file: Path) -> str:
    """Return a file's text, which is UTF-8. Raises `FileError`."""
    try:
        return read_bytes(file).decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{file} is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.") from error


def read_json(file: Path, kind: type[T]) -> T:
    """Return the JSON of a file as a value of this type. Raises `FileError`."""
    data = read_bytes(file)
    if not data.strip():
        raise FileError(f"{file} is empty; it should hold JSON.")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise FileError(f"{file}: {format_error(error, kind)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"{file} is not JSON: {error}.") from error


def write_file(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all. A device or a pipe is written to, and stays what it is.

    Raises `FileError` where its folder is missing.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    if not file.parent.is_dir():
        raise FileError(f"{file.parent} is not a folder. Make it, or name another file.")
    replace_file(file, content, mode=mode)
