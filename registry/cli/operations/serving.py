"""`registry serve`: all that `run` does, and the node over HTTP in a process for each core."""

import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from registry import observability
from registry.cli.opening import node_of
from registry.cli.operations.running import say_running
from registry.cli.output import errors, warn
from registry.http.server import END_SECONDS, server_for
from registry.log import GOVERNANCE
from registry.node.node import open_node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_instruments, create_observer, serve_metrics
from registry.node.services.running import run_node
from registry.node.services.signals import ignore_hangup, stop_on_signals
from registry.settings.settings import SettingsError

_log = structlog.get_logger(__name__)
_AGAIN: Final = 1.0
_BACKLOG: Final = 1024
_TURN: Final = 0.0005
"""Seconds that a thread may keep the interpreter to itself: Python's own 5 ms are longer than an answer takes."""
_SHARED_OUT: Final = sys.platform == "linux"
"""Whether the kernel shares connections out among sockets of one port; elsewhere the newest would get all."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen at (else the settings').")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Its port; 0 takes any.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that answer.")] = None,
    run: Annotated[bool, typer.Option(help="Publish and project, too; otherwise another process does.")] = True,
) -> None:
    """Answer over HTTP, and do what `registry run` does. Ctrl-C or SIGTERM ends it cleanly.

    Example: registry serve --port 8000
    """
    ignore_hangup()
    node = node_of(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError("the consortium's own node has nothing to serve; serve a member's")
    node.views()
    _ = node.registry  # its tables are made before several processes ask for them
    count = workers or node.settings.http.workers
    with ExitStack() as stack:
        sockets = _listen(host or node.settings.http.host, node.settings.http.port if port is None else port, count)
        for one in sockets:
            stack.enter_context(one)
        stop = stack.enter_context(stop_on_signals())
        watch = HealthWatch(node, says=run)
        measures = stack.enter_context(serve_metrics(node, watch, projects=run))
        counting = None if measures is None else measures.folder
        keeping = threading.Thread(
            target=_keep_alive, args=(node.settings.home, node.settings.log_level, sockets, stop, counting),
            name="http", daemon=True,
        )  # fmt: skip
        address = "{}:{}".format(*sockets[0].getsockname()[:2])
        answers = f"{node.settings.member} answers at http://{address}; its API is described at /docs"

        def begin() -> None:
            keeping.start()
            if run:
                say_running(node)
            errors.print(answers, markup=False)
            if measures is not None:
                errors.print(f"metrics are at {measures.address}", markup=False)

        try:
            if run:
                run_node(node, watch, stop, create_observer(node, measures), on_started=begin, on_warning=warn)
            else:
                if measures is not None:
                    watch.follow(stop)
                begin()
                stop.wait()
        finally:
            stop.set()
            if keeping.is_alive():
                keeping.join()


def _listen(host: str, port: int, count: int) -> list[socket.socket]:
    """A listening socket for each process.

    Connections are shared out among them by the kernel. From one socket of all, the process that wakes first would
    take what came at once, and keep it for as long as the clients do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Somebody else's server there is found out by a socket that shares with nobody.
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
            if not _SHARED_OUT:
                tried.listen(_BACKLOG)
                return [tried.dup() for _ in range(count)]
            port = tried.getsockname()[1]
        made = []
        for _ in range(count):
            made.append(socket.socket(family, socket.SOCK_STREAM))
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made[-1].bind((host, port))
            made[-1].listen(_BACKLOG)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host} port {port}: {error.strerror}") from error
    return made


def _keep_alive(
    home: Path, log_level: str, sockets: Sequence[socket.socket], stop: threading.Event, counting: Path | None
) -> None:
    """Keep a process answering at each socket; one that dies is replaced, and counts on in the same files."""
    context = multiprocessing.get_context("spawn")
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

    processes = [start(number) for number in range(count + 1)]
    while not stop.wait(_AGAIN):
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
    """One process that answers until it is told to end, or whoever started it is gone.

    `counting` is the folder where it counts, under its name; None where nothing is measured.
    """
    from registry.server.app import create_app  # noqa: PLC0415 - only what serves loads a server's routes

    sys.setswitchinterval(_TURN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the process that started this one says that it is ignored
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

        threading.Thread(target=_when_parent_ends, args=(end,), daemon=True).start()
        server.run(sockets=[listening])


def _work(home: Path, log_level: str) -> None:
    """One process that works through batches, likewise."""
    from registry.node.services.batches import run_batches  # noqa: PLC0415 - likewise

    with stop_on_signals() as stop:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        observability.configure(log_level)
        threading.Thread(target=_when_parent_ends, args=(stop.set,), daemon=True).start()
        run_batches(home, stop)


def _when_parent_ends(act: Callable[[], None]) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        act()
