"""Commands for the log level of a running node."""

from enum import StrEnum
from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.node.services import log_level as levels
from registry.node.services.log_level import LogLevel

app = typer.Typer(no_args_is_help=True, help="Change how much a running node logs, without a restart.")


class Level(StrEnum):
    """A level of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def add_to(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="log-level")


@app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the level from which the node logs now.

    Example: registry log-level show
    """
    node = node_of(context)
    _print(node.settings.log_level, levels.read_level(node.settings.home), as_json=as_json)


@app.command("set")
def set_level(
    context: typer.Context,
    level: Annotated[Level, typer.Argument(help="The least level of messages.")],
    *,
    minutes: Annotated[
        int, typer.Option(min=1, max=7 * 24 * 60, help="The time after which the level of the settings counts again.")
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Log from another level up, for some time: all processes of this node on this machine do so within seconds.

    Processes on other machines, or in other containers without this folder, need the command there.

    Example: registry log-level set debug --minutes 15
    """
    node = node_of(context)
    _print(node.settings.log_level, levels.set_level(node.settings.home, level.value, minutes), as_json=as_json)


@app.command("reset")
def reset(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Let the level of the settings count again, within seconds.

    Example: registry log-level reset
    """
    node = node_of(context)
    levels.reset_level(node.settings.home)
    _print(node.settings.log_level, None, as_json=as_json)


def _print(usual: str, chosen: LogLevel | None, *, as_json: bool) -> None:
    level, until = (usual, None) if chosen is None else (chosen.level, chosen.until)
    if as_json:
        print_json({"level": level, "until": until})
    elif until is None:
        say(f"The node logs from the level {level} up, as its settings say.")
    else:
        say(f"The node logs from the level {level} up until {until}; then from {usual} up again.")
