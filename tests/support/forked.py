"""Commands in processes of their own that are forked from one that has loaded what they need.

A test run starts hundreds of commands, and loading Python's modules costs each of them a second. What runs is the
same; `started` in tests/support/command.py starts a command from nothing, as people do.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.loaded"])


def forked(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end, with these words after its name."""
    with tempfile.TemporaryDirectory() as prints:
        said = [Path(prints) / name for name in ("stdout", "stderr")]
        process = begun(arguments, environment, folder, said)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), timeout)
        stdout, stderr = (file.read_text() for file in said)
    return subprocess.CompletedProcess(list(arguments), process.exitcode, stdout, stderr)


def begun(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, said: Sequence[Path]
) -> ForkServerProcess:
    """Start a command of ours, which prints to these two files, and do not wait for it."""
    process = _context.Process(target=_run, args=(list(arguments), dict(environment), folder, list(said)))
    process.start()
    return process


def _run(arguments: list[str], environment: dict[str, str], folder: Path, said: list[Path]) -> None:
    for number, file in enumerate(said, 1):
        there = os.open(file, os.O_WRONLY | os.O_CREAT)
        os.dup2(there, number)
        os.close(there)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["registry", *arguments]
    from registry.cli import main  # noqa: PLC0415 - loaded already

    main()
