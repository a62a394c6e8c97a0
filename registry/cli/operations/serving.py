"""The command that serves a node over HTTP, in addition to what `registry run` does."""

import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from registry.cli.opening import open_service
from registry.cli.operations.running import say_running
from registry.cli.output import errors, warn
from registry.log import GOVERNANCE
from registry.node.services.health_watch import HealthWatch
from registry.node.services.metrics_server import create_observer, serve_metrics
from registry.node.services.running import run_node
from registry.node.services.signals import ignore_hangup, stop_on_signals
from registry.server.processes import begin_loading, keep_answering, listen
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
    run: Annotated[bool, typer.Option(help="Publish and project, too; or leave that to another process.")] = True,
) -> None:
    """Answer over HTTP, and do what `registry run` does. Ctrl-C or SIGTERM ends it cleanly.

    Example: registry serve --port 8000
    """
    ignore_hangup()
    node = open_service(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError("the consortium's own node has nothing to serve; serve a member's node")
    begin_loading()
    node.views()
    _ = node.registry  # its tables are created before several processes need them
    count = workers or node.settings.http.workers
    with ExitStack() as stack:
        sockets = listen(host or node.settings.http.host, node.settings.http.port if port is None else port, count)
        for listening in sockets:
            stack.enter_context(listening)
        stop = stack.enter_context(stop_on_signals())
        watch = HealthWatch(node, says=run)
        measures = stack.enter_context(serve_metrics(node, watch, projects=run))
        counting = None if measures is None else measures.folder
        answering = threading.Thread(
            target=keep_answering, args=(node.settings.home, node.settings.log_level, sockets, stop, counting),
            name="http", daemon=True,
        )  # fmt: skip
        address = "{}:{}".format(*sockets[0].getsockname()[:2])
        announcement = f"{node.settings.member} answers at http://{address}; its API is described at /docs"

        def begin() -> None:
            answering.start()
            if run:
                say_running(node)
            errors.print(announcement, markup=False)
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
            if answering.is_alive():
                answering.join()
