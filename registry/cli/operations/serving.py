"""The command that serves a node over HTTP, in addition to what `registry run` does."""

import socket
import threading
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.operations.running import say_running
from registry.cli.output import errors, warn
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_observer, serve_metrics
from registry.node.services.names import Service, choose_services, watches_health
from registry.node.services.running import run_node
from registry.node.services.signals import ignore_hangup, stop_on_signals
from registry.server.processes import begin_loading, keep_processes, listen
from registry.settings.settings import SettingsError


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on (else the setting).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; 0 takes any.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="The number of processes that answer.")] = None,
    only: Annotated[
        list[Service] | None,
        typer.Option("--only", help="Of the services, run this one; give it again for each further one."),
    ] = None,
    http_only: Annotated[bool, typer.Option("--http-only", help="Run no service: only answer.")] = False,
) -> None:
    """Answer over HTTP, and run all services of the node. Ctrl-C or SIGTERM ends it cleanly.

    With --http-only or --only, other processes have to run the other services: see `registry run`.

    Example: registry serve --port 8000
    """
    if http_only and only:
        raise typer.BadParameter("--http-only runs no service; leave it out, or --only")
    ignore_hangup()
    node = node_of(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError("the consortium's own node has nothing to serve; serve a member's node")
    services = () if http_only else choose_services(node.settings, only or (), tuple(Service))
    begin_loading()
    node.views()
    _ = node.registry  # its tables are created before several processes need them
    count = workers or node.settings.http.workers
    with ExitStack() as stack:
        sockets = listen(host or node.settings.http.host, node.settings.http.port if port is None else port, count)
        for listening in sockets:
            stack.enter_context(listening)
        _serve_at(node, sockets, services)


def _serve_at(node: Node, sockets: Sequence[socket.socket], services: Collection[Service]) -> None:
    """Answer at these sockets and run services until a signal comes."""
    own = [service for service in services if service is not Service.BATCHES]
    with stop_on_signals() as stop, ExitStack() as stack:
        watch = HealthWatch(node, says=watches_health(node.settings, services))
        measures = stack.enter_context(serve_metrics(node, watch, projects=Service.PROJECTOR in services))
        counting = None if measures is None else measures.folder
        answering = threading.Thread(
            target=keep_processes, args=(node.settings.home, node.settings.log_level, sockets, stop, counting),
            kwargs={"works": Service.BATCHES in services}, name="http", daemon=True,
        )  # fmt: skip
        address = "{}:{}".format(*sockets[0].getsockname()[:2])
        announcement = f"{node.settings.member} answers at http://{address}; its API is described at /docs"

        def begin() -> None:
            answering.start()
            if services:
                say_running(node, services)
            errors.print(announcement, markup=False)
            if measures is not None:
                errors.print(f"metrics are at {measures.address}", markup=False)

        try:
            if own:
                run_node(node, watch, stop, create_observer(node, measures), own, on_started=begin, on_warning=warn)
            else:
                if measures is not None:
                    watch.follow(stop)
                begin()
                stop.wait()
        finally:
            stop.set()
            if answering.is_alive():
                answering.join()
