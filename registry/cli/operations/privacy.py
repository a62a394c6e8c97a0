"""Commands about the data of people: who read it, how long it stays, and the record of processing."""

import sys
from typing import Annotated

import typer

from registry.accounts import AccountError
from registry.cli import ids
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.node.access_journal import open_access_journal
from registry.node.retention import enforce_retention, try_retention
from registry.privacy.access_journal import MAX_LISTED
from registry.privacy.processing_record import make_record, write_markdown
from registry.values.plural import plural

privacy_app = typer.Typer(
    help="The data of people: who read it, how long it stays, what could expose it.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(privacy_app, name="privacy")


@privacy_app.command("reads")
def reads(
    context: typer.Context,
    learner: Annotated[str | None, typer.Argument(help="The learner's id.")] = None,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Check the whole chain of hashes.")] = False,
    count: Annotated[int, typer.Option(min=1, max=MAX_LISTED, help="The number of reads.")] = 100,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List who read a learner's data, the newest first; or check that no row of the access journal was changed.

    Examples: registry privacy reads 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry privacy reads --verify
    """
    node = node_of(context)
    if verify == (learner is not None):
        raise typer.BadParameter("name a learner, or pass --verify", param_hint="LEARNER")
    with open_access_journal(node) as journal:
        if learner is None:
            check = journal.check()
            if check.fault is not None:
                raise AccountError(
                    f"the access journal is broken at entry {check.fault}: it or one before it was changed or removed"
                )
            say(f"the access journal is whole: {plural(check.entries, 'entry')}, newest hash {check.hash}")
            return
        entries = journal.list_reads(ids.resolve(node, learner, "learner"), count)
    columns = [
        Column("number", lambda entry: entry.number),
        Column("at", lambda entry: entry.at),
        Column("actor", lambda entry: entry.actor),
        Column("act", lambda entry: entry.act),
    ]
    print_list(entries, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@privacy_app.command("retention")
def retention(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Delete what the rules of `[retention]` say, as the node does once a day; or say what would go.

    Example: registry privacy retention --dry-run
    """
    node = node_of(context)
    rows = try_retention(node) if dry_run else enforce_retention(node)
    columns = [
        Column("rule", lambda row: row.rule),
        Column("table", lambda row: row.table),
        Column("days", lambda row: "off" if row.days is None else row.days),
        Column("would be deleted" if dry_run else "deleted", lambda row: row.rows),
    ]
    print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@privacy_app.command("record")
def record(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Print the record of processing activities (GDPR, Art. 30), generated from the tables and the settings.

    Example: registry privacy record > record-of-processing.md
    """
    node = node_of(context)
    made = make_record(node.settings.member, node.settings.retention)
    if as_json:
        print_json(made)
    else:
        sys.stdout.write(write_markdown(made))
