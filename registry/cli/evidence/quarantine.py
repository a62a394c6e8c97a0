"""Commands for quarantined records: those that no node accepts, and why."""

from typing import Annotated

import typer

from consumers.streams import quarantine
from registry.cli.evidence.logs import log_app
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say

quarantine_app = typer.Typer(help="Quarantined records, which no node accepts, and why.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are under `log`
    """Add these commands."""
    log_app.add_typer(quarantine_app, name="quarantine")


@quarantine_app.command("list")
def list_quarantine(
    context: typer.Context,
    member: Annotated[str | None, typer.Argument(help="One member's only.")] = None,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List records that are not valid extensions of their stream.

    Example: registry log quarantine list twente
    """
    records = quarantine.list_quarantined(node_of(context).views(), member)
    items = [{name: value for name, value in each._asdict().items() if name != "record"} for each in records]
    columns = [
        Column("member", lambda item: item["member"]),
        Column("position", lambda item: item["position"]),
        Column("code", lambda item: item["code"]),
        Column("why", lambda item: item["detail"]),
    ]
    if not items and not (as_json or as_csv):
        say("Nothing is quarantined.")
        return
    print_list(items, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@quarantine_app.command("show")
def show_quarantined(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="A member, or governance.")],
    position: Annotated[int, typer.Argument(min=0, help="Its position, as `registry log quarantine list` says.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print one quarantined record raw, after why it was refused. As JSON the record is in base64.

    Example: registry log quarantine show twente 40960
    """
    record = quarantine.one(node_of(context).views(), member, position)
    if record is None:
        errors.print(f"Nothing of {member} is quarantined at {position}.", markup=False)
        raise typer.Exit(1)
    if as_json:
        print_json(record._asdict() | {"explained": quarantine.EXPLAINED[record.code]})
        return
    errors.print(f"{record.code}: {record.detail}\n{quarantine.EXPLAINED[record.code]}", markup=False)
    typer.get_binary_stream("stdout").write(record.record)
