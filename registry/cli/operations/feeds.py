"""The command that prints the feed: what concerns this university's own credentials and achievements."""

import sys
import threading
from typing import Annotated

import msgspec
import typer

from projections.core import views
from projections.feed import feed
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, say
from registry.node.node import Node
from registry.node.services.signals import stop_on_signals

_PAGE = 500


_COLUMNS = (
    Column("id", lambda notice: notice.id),
    Column("when", lambda notice: f"{notice.at:%Y-%m-%d %H:%M}"),
    Column("what", lambda notice: notice.kind),
    Column("about", lambda notice: notice.subject),
    Column("by", lambda notice: notice.cause_member),
    Column("leaf", lambda notice: notice.leaf if notice.cause_member else None),
)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("feed")(read_feed)


def read_feed(
    context: typer.Context,
    *,
    after: Annotated[int, typer.Option(min=0, help="Only notices after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="The largest number of notices.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped; --limit is ignored.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Print what other members did that concerns this university's own credentials and achievements.

    With --json, one CloudEvent a line. Pass the last line's id as --after next time.

    Examples: registry feed; registry feed --after 120 --json; registry feed --follow
    """
    node = node_of(context)
    if follow and as_csv:
        raise typer.BadParameter("--csv is for a finite list; with --follow use --json", param_hint="--csv")
    node.views()
    if not follow:
        notices = feed.read(node.views(), node.settings.member, after, limit)
        _show(node, notices, as_json=as_json, as_csv=as_csv, wide=wide)
        if not notices and not (as_json or as_csv):
            say("nothing new")
        return
    with stop_on_signals() as stop, views.connect(node.dsn()) as connection:
        feed.listen(connection)
        while not stop.is_set():
            after = _show_all(node, after, stop, as_json=as_json, as_csv=as_csv, wide=wide)
            feed.wait(connection, 1.0)


def _show_all(node: Node, after: int, stop: threading.Event, *, as_json: bool, as_csv: bool, wide: bool) -> int:
    while not stop.is_set() and (notices := feed.read(node.views(), node.settings.member, after, _PAGE)):
        _show(node, notices, as_json=as_json, as_csv=as_csv, wide=wide)
        after = notices[-1].id
    return after


def _show(node: Node, notices: list[feed.Notice], *, as_json: bool, as_csv: bool, wide: bool) -> None:
    if as_json:
        for notice in notices:
            event = feed.cloud_event(notice, node.settings.origin)
            sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
        sys.stdout.flush()
    elif as_csv or notices:
        print_list(notices, _COLUMNS, as_json=False, as_csv=as_csv, wide=wide)
