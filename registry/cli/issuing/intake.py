"""Events that the university's own systems send over Kafka."""

import getpass
from typing import Annotated

import typer

from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of, open_service
from registry.cli.output import AsCsv, AsJson, Wide, errors, progress, say, warn
from registry.intake.lost_events import IntakePositions, lost_range
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.services.kafka_intake import KafkaIntakeRound
from registry.node.services.signals import stop_on_signals
from registry.settings.settings import SettingsError

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
    node = open_service(context)
    url = brokers or node.settings.intake_url
    if url is None:
        raise SettingsError("no Kafka is named; set intake_kafka in registry.toml, or give --brokers")
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues nothing: it has no intake")
    with stop_on_signals() as stop, progress("taking in") as counter:
        errors.print(f"intake.{node.settings.member} is taken in; Ctrl-C ends it", markup=False)
        KafkaIntakeRound(node, url, lambda results: counter.advance(len(results)), warn).run(stop)


@app.command("lost")
def lost(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that were acknowledged.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List the events that Kafka removed from the intake topic before this node read them.

    Exits 1 while there are some that are not acknowledged.

    Example: registry intake lost
    """
    losses = _positions(node_of(context)).losses(acknowledged=every)
    columns = [
        Column("number", lambda each: each.number),
        Column("topic", lambda each: each.topic),
        Column("partition", lambda each: each.partition),
        Column("first offset", lambda each: each.first),
        Column("last offset", lambda each: "unknown" if each.last is None else each.last),
        Column("noticed", lambda each: each.noticed),
        Column("acknowledged", lambda each: each.acknowledged),
        Column("by", lambda each: each.acknowledged_by),
    ]
    if print_list(losses, columns, as_json=as_json, as_csv=as_csv, wide=wide):
        waiting = [each for each in losses if each.acknowledged is None]
        if waiting:
            say("Send these events again, then acknowledge: registry intake acknowledge NUMBER")
        else:
            say("No event is known to be lost." if not losses else "All of them are acknowledged.")
    if any(each.acknowledged is None for each in losses):
        raise typer.Exit(1)


@app.command("acknowledge")
def acknowledge(
    context: typer.Context,
    numbers: Annotated[list[int] | None, typer.Argument(help="Which, as `registry intake lost` numbers them.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that are listed.")] = False,
    by: Annotated[str, typer.Option(help="Who acknowledges, for the list (else the system's user).")] = "",
) -> None:
    """Say that lost events are known and dealt with: `registry status` reports them no more.

    Examples: registry intake acknowledge 3
    registry intake acknowledge --all --by "Registrar's office"
    """
    if bool(numbers) == every:
        raise typer.BadParameter("name the losses by their numbers, or pass --all", param_hint="NUMBERS")
    positions = _positions(node_of(context))
    waiting = {each.number for each in positions.losses()}
    chosen = sorted(waiting) if every else list(dict.fromkeys(numbers or ()))
    if unknown := [number for number in chosen if number not in waiting]:
        errors.print(
            f"Nothing was acknowledged: {', '.join(map(str, unknown))} is not one of the losses that wait for it."
            " `registry intake lost` lists them.",
            markup=False,
        )
        raise typer.Exit(1)
    done = positions.acknowledge(chosen, by or getpass.getuser())
    for each in done:
        say(f"acknowledged {each.number}: {lost_range(each.topic, each.partition, each.first, each.last)}")
    if not done:
        say("No event is known to be lost; nothing was acknowledged.")


def _positions(node: Node) -> IntakePositions:
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues nothing: it has no intake")
    return IntakePositions(node.registry.dsn)
