"""Commands about the data of people: who read it, how long it stays, and the record of processing."""

import sys
from typing import Annotated

import typer

from projections.credentials.small_groups import find_small_groups
from registry.accounts.errors import AccountError
from registry.cli import ids
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, print_json, say
from registry.node.access_journal import open_access_journal
from registry.node.retention import enforce_retention, rewrite_erased, try_retention
from registry.privacy.access_journal import MAX_LISTED
from registry.privacy.erased_bytes import RewriteHindered
from registry.privacy.leak_drill import drill_table
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


@privacy_app.command("rewrite")
def rewrite(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Rewrite the database's tables now, so that the bytes of erased rows leave its files.

    The node does it by itself, the days of `erased_bytes_days` after an erasure. Each table is locked meanwhile.

    Example: registry privacy rewrite
    """
    result = rewrite_erased(node_of(context))
    if as_json:
        print_json(result)
    if result.hindrance is not None:
        raise RewriteHindered(f"not complete: {result.hindrance}")
    if as_json:
        return
    say(f"rewrote {plural(len(result.tables), 'table')}; bytes of {plural(result.deletions, 'deletion')} are gone")
    for copy in result.copies:
        say(f"Not reached: {copy}")


@privacy_app.command("record")
def record(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Print the record of processing activities (GDPR, Art. 30), generated from the tables and the settings.

    Example: registry privacy record > record-of-processing.md
    """
    node = node_of(context)
    processing = make_record(node.settings.member, node.settings.retention, node.settings.retention_basis)
    if as_json:
        print_json(processing)
    else:
        sys.stdout.write(write_markdown(processing))


@privacy_app.command("small-groups")
def small_groups(
    context: typer.Context,
    *,
    fewer_than: Annotated[int, typer.Option(min=2, max=1000, help="Groups with fewer credentials are listed.")] = 5,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List this university's awards on the log that few share: achievement, version, day and number of parts.

    Who knows from elsewhere that somebody took a course then can tell which entry of a small group is theirs.

    Example: registry privacy small-groups --fewer-than 10
    """
    node = node_of(context)
    report = find_small_groups(node.views(), node.settings.member, fewer_than)
    if as_json:
        print_json(report)
        return
    columns = [
        Column("achievement", lambda group: group.achievement),
        Column("version", lambda group: group.version),
        Column("awarded", lambda group: group.awarding_date),
        Column("parts", lambda group: group.parts),
        Column("credentials", lambda group: group.credentials),
    ]
    if print_list(report.groups, columns, as_json=False, as_csv=as_csv, wide=wide):
        share = plural(report.credentials, "credential")
        say(f"{report.exposed} of {share} are in groups of fewer than {fewer_than}")


@privacy_app.command("drill")
def drill(
    context: typer.Context,
    *,
    table: Annotated[str, typer.Option(help="The table that is thought to have leaked, for example vault.learners.")],
    as_json: AsJson = False,
) -> None:
    """Say whom a leaked table would expose: alone, with the log, and with the keys. Nothing is changed or sent.

    Example: registry privacy drill --table vault.learners
    """
    node = node_of(context)
    result = drill_table(node.registry.connection, table)
    if as_json:
        print_json(result)
        return
    learners = "" if result.learners is None else f" about {plural(result.learners, 'learner')}"
    say(f"{result.table}: {plural(result.rows, 'row')}{learners}")
    for column in result.columns:
        say(f"{column.column} ({column.form})")
        say(f"  the table alone tells: {column.alone}")
        say(f"  with the log: {column.with_log}")
        say(f"  with the keys: {column.with_keys}")
    say(f"Named by the table alone: {plural(result.named_alone, 'learner')}")
    say(f"Named with the keys: {plural(result.named_with_keys, 'learner')}")
    for duty in result.to_do:
        say(f"- {duty}")
