"""Commands for the log's tiles: the store for proofs, and the static log for others to serve."""

from pathlib import Path
from typing import Annotated

import typer

from consumers.proofs.export import export
from consumers.proofs.tiles import Tiles
from registry.cli.evidence.logs import log_app
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.log import GOVERNANCE, NoSuchStream

tiles_app = typer.Typer(help="The log as hash tiles (C2SP tlog-tiles).", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are under `log`
    """Add these commands."""
    log_app.add_typer(tiles_app, name="tiles")


@tiles_app.command("build")
def build_tiles(
    context: typer.Context,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make them again from the log.")] = False,
) -> None:
    """Bring the hash tiles of all streams up to date with the log. Proofs are made from them.

    Example: registry log tiles build
    """
    node = node_of(context)
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        if rebuild:
            Tiles(node.settings.home / "tiles" / stream).clear()
        try:
            say(f"{stream}: {node.tiles(stream, fold).size:,} leaves")
        except NoSuchStream:
            errors.print(f"{stream} has no stream yet", markup=False)


@tiles_app.command("export")
def export_tiles(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write to; each stream has a folder in it.")],
    *,
    entries: Annotated[bool, typer.Option("--entries", help="Also the events, for members and auditors only.")] = False,
) -> None:
    """Write every stream as a static log (C2SP tlog-tiles), or bring one up to date.

    Example: registry log tiles export public; registry log tiles export shared --entries
    """
    node = node_of(context)
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        try:
            tiles = node.tiles(stream, fold)
        except NoSuchStream:
            continue
        if tiles.size:
            new = export(node.log(), stream, tiles, folder / stream, entries=entries)
            say(f"{folder / stream}: {new:,} new leaves of {tiles.size:,}")
