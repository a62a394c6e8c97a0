"""Commands in processes of their own that are forked from one that has loaded what they need.

A test run starts hundreds of commands, and loading Python's modules costs each of them a second or more. What runs is
the same; `execute=True` starts a command from nothing, as people do.
"""

import contextlib
import multiprocessing
import multiprocessing.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.loaded"])
_execute = multiprocessing.util.spawnv_passfds  # type: ignore[attr-defined] # the stubs leave it out


class Forked:
    """A command that goes on, with the methods of `subprocess.Popen` that tests use. It has its `output`, a path."""

    def __init__(self, process: ForkServerProcess, output: Path) -> None:
        self._process = process
        self.output = output

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("registry", timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


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
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    said: Sequence[Path],
    *,
    new_session: bool = False,
) -> ForkServerProcess:
    """Start a command of ours, which prints to these two files, and do not wait for it."""
    process = _context.Process(target=_run, args=(list(arguments), dict(environment), folder, list(said), new_session))
    process.start()
    return process


def _run(
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    said: list[Path],
    new_session: bool,  # noqa: FBT001 - by position, as multiprocessing passes it
) -> None:
    if new_session:
        os.setsid()
    for number, file in enumerate(said, 1):
        there = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(there, number)
        os.close(there)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["registry", *arguments]
    multiprocessing.util.spawnv_passfds = _fork_instead  # type: ignore[attr-defined] # the stubs leave it out
    from registry.cli import main  # noqa: PLC0415 - loaded already

    main()


def _fork_instead(path: bytes, arguments: Sequence[str | bytes], descriptors: Sequence[int]) -> int:
    """Fork where multiprocessing executes Python for the process that forks others: this one has loaded the modules.

    It does so before a command has threads. Workers that multiprocessing spawns come later, and are executed.
    """
    code = str(arguments[list(arguments).index("-c") + 1])
    if "multiprocessing.forkserver" not in code:
        process: int = _execute(path, arguments, descriptors)
        return process
    forked_process = os.fork()
    if forked_process == 0:
        try:
            for name in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
                if name > 2 and name not in descriptors:
                    with contextlib.suppress(OSError):  # the one by which the folder was read
                        os.close(name)
            exec(code, {})  # noqa: S102 - multiprocessing's own code
        finally:
            os._exit(0)
    return forked_process
