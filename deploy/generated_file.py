"""A tracked file that a script makes: written, or checked to be what the script makes now."""

import sys
from pathlib import Path


def write_or_check(file: Path, content: bytes, arguments: list[str]) -> int:
    """Write a file; with `--check` among the arguments write nothing, and return 1 if it is not up to date."""
    if arguments != ["--check"]:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    elif not file.is_file() or file.read_bytes() != content:
        print(f"{file} is not up to date; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0
