"""The processes of a node: one that answers over HTTP for each socket, and one that works through batches."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import structlog

from registry import observability
from registry.http.server import END_SECONDS, server_for
from registry.node.node import open_node
from registry.node.services.metrics_server import create_instruments
from registry.node.services.signals import stop_on_signals
from registry.settings.settings import SettingsError

_log = structlog.get_logger(__name__)
_CHECK_SECONDS: Final = 1.0
"""Interval at which dead processes are looked for."""
_BACKLOG: Final = 1024
_SWITCH_SECONDS: Final = 0.0005
"""Time that a thread may keep the interpreter to itself: Python's own 5 ms are longer than an answer takes."""
_BALANCES_CONNECTIONS: Final = sys.platform == "linux"
"""True if the kernel distributes connections among sockets of one port; elsewhere the newest would get all."""
_FORKS: Final = sys.platform == "linux"
"""True if the processes are forked from one that has loaded what they need; elsewhere each loads it for itself."""
LOADED: Final = ("registry.server.app", "registry.node.services.batches", "litestar.plugins.pydantic", "uvloop")
"""The modules that it loads; the libraries among them would otherwise be loaded at their first use."""


def _context(*, forks: bool = _FORKS) -> ForkServerContext | SpawnContext:
    if not forks:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["registry.server.loaded"])
    return context


def begin_loading() -> None:
    """Start the process from which the others are forked: it loads what they need while the caller goes on."""
    _context()
    if _FORKS:
        from multiprocessing import forkserver  # noqa: PLC0415 - not on every platform

        forkserver.ensure_running()


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Return a listening socket for each process. Raises `SettingsError` if the port is taken.

    The kernel distributes connections among the sockets. From one socket for all, the process that wakes first would
    take all connections that arrive at once, and keep them for as long as the clients do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # A socket that shares its port with nobody shows whether another server has it.
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
            if not _BALANCES_CONNECTIONS:
                trial.listen(_BACKLOG)
                return [trial.dup() for _ in range(count)]
            port = trial.getsockname()[1]
        sockets = []
        for _ in range(count):
            sockets.append(socket.socket(family, socket.SOCK_STREAM))
            sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sockets[-1].bind((host, port))
            sockets[-1].listen(_BACKLOG)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host} port {port}: {error.strerror}") from error
    return sockets


def keep_processes(
    home: Path,
    log_level: str,
    sockets: Sequence[socket.socket],
    stop: threading.Event,
    counting: Path | None,
    *,
    works: bool = True,
) -> None:
    """Keep a process answering at each socket until `stop` is set; one that dies is replaced.

    `counting` is the folder of their metrics; None if nothing is measured. With `works`, one more process works through
    batches.
    """
    # A process that answers nobody needs none of what those that answer load together.
    context = _context(forks=_FORKS and bool(sockets))
    count = len(sockets)

    def start(number: int) -> BaseProcess:
        if number == count:
            process = context.Process(target=_work, args=(home, log_level), name="batches")
        else:
            name = f"http-{number}"
            arguments = (home, log_level, sockets[number], counting, name)
            process = context.Process(target=_answer, args=arguments, name=name)
        process.start()
        return process

    processes = [start(number) for number in range(count + works)]
    while not stop.wait(_CHECK_SECONDS):
        for number, process in enumerate(processes):
            if not process.is_alive():
                _log.error("serve.process_died", process=process.name, code=process.exitcode)
                processes[number] = start(number)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(END_SECONDS + 5)
        if process.is_alive():
            process.kill()
            process.join()


def _answer(home: Path, log_level: str, listening: socket.socket, counting: Path | None, name: str) -> None:
    """Answer in this process until SIGTERM, or until the process that started it is gone."""
    from registry.server.app import create_app  # noqa: PLC0415 - only a process that answers loads the routes

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which the process that it was forked from ignores
    sys.setswitchinterval(_SWITCH_SECONDS)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as the process that started this one
    with open_node(home) as node:
        observability.configure(log_level)
        http = node.settings.http
        server = server_for(
            create_app(node, lambda: server.should_exit, create_instruments(counting, name)),
            patience_seconds=http.patience_seconds,
            max_connections=http.max_connections,
            max_connections_per_address=http.max_connections_per_address,
            trusted_proxies=http.trusted_proxies,
            base_path=http.base_path,
        )

        def end() -> None:
            server.should_exit = True

        threading.Thread(target=_act_when_parent_ends, args=(end,), daemon=True).start()
        server.run(sockets=[listening])


def _work(home: Path, log_level: str) -> None:
    """Work through batches in this process, likewise."""
    from registry.node.services.batches import run_batches  # noqa: PLC0415 - only this process needs them

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until it is one that stops the work

    with stop_on_signals() as stop:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        observability.configure(log_level)
        threading.Thread(target=_act_when_parent_ends, args=(stop.set,), daemon=True).start()
        run_batches(home, stop)


def _act_when_parent_ends(act: Callable[[], None]) -> None:
    """Act when the process that started this one is gone, or the one that it was forked from.

    Without the latter nobody knows that this one runs, and another takes its place.
    """
    parent, forked_from = multiprocessing.parent_process(), os.getppid()
    if parent is not None:
        while parent.is_alive() and os.getppid() == forked_from:
            parent.join(_CHECK_SECONDS)
        act()
