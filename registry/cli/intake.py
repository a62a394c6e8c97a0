"""Events that the university's own systems send over Kafka."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from registry.cli import last_error
from registry.cli.context import Node, node_of, opened
from registry.cli.imports import Offered
from registry.cli.output import errors, progress
from registry.cli.stopping import DATABASE_AWAY, stopping
from registry.config import SettingsError
from registry.intake.report import IntakeUnavailable
from registry.intake.taking import Result, Taking
from registry.log import GOVERNANCE
from registry.store import StaleState

_log = structlog.get_logger(__name__)
_AGAIN = 2.0

app = typer.Typer(help="Take in what the university's own systems send.", no_args_is_help=True)


def add_to(main: typer.Typer) -> None:
    """Add this command."""
    main.add_typer(app, name="intake")


@app.command("kafka")
def kafka(
    context: typer.Context,
    brokers: Annotated[
        str | None, typer.Option(help="kafka://HOST:PORT[,HOST:PORT] (else intake_kafka of the settings).")
    ] = None,
) -> None:
    """Take in events from the topic intake.<member> until stopped; each gets its result on intake.<member>.results.

    `registry run` does it too where the settings name intake_kafka.

    Example: registry intake kafka --brokers kafka://127.0.0.1:9092
    """
    node = node_of(context)
    url = brokers or node.settings.intake_kafka
    if url is None:
        raise SettingsError("no Kafka is named; set intake_kafka in registry.toml, or give --brokers")
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues nothing: it has no intake")
    with stopping() as stop, progress("taking in") as counter:
        errors.print(f"intake.{node.settings.member} is taken in; Ctrl-C ends it", markup=False)
        _take_in(node, url, stop, lambda results: counter.advance(len(results)), again=False)


def take_in_beside(home: Path, stop: threading.Event) -> None:
    """What `registry run` does: on a node of its own, since what it works with belongs to one thread."""
    with opened(home) as node:
        _take_in(node, node.settings.intake_kafka or "", stop, lambda _: None, again=True)


def _take_in(
    node: Node, url: str, stop: threading.Event, on_results: Callable[[list[Result]], None], *, again: bool
) -> None:
    from registry.intake.kafka import KafkaIntake, addresses  # noqa: PLC0415 - loads Kafka's client

    taking = Taking(node.registry, node.issuer, Offered(node.registry))
    settings = node.settings
    intake = KafkaIntake(addresses(url), settings.member, settings.origin, taking.take)
    while not stop.is_set():
        try:
            intake.create()
            intake.run(stop, on_results)
        except (IntakeUnavailable, StaleState, *DATABASE_AWAY) as error:
            if not again:
                raise
            _log.error("run.taking_in_again", error=str(error).strip(), again_in=_AGAIN)
            last_error.note(settings.home, "taking in events", error)
            stop.wait(_AGAIN)
