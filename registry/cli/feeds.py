"""What happened to this university's own things: the feed."""

import sys
import threading
from typing import Annotated

import msgspec
import typer

from projections import feed, views
from registry.cli.context import Node, node_of
from registry.cli.output import AsJson, say, table
from registry.cli.stopping import stopping

_PAGE = 500


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("feed")(read_feed)


def read_feed(
    context: typer.Context,
    *,
    after: Annotated[int, typer.Option(min=0, help="Only what came after the notice with this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped; --limit then says nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """What other members did that concerns this university's own credentials and achievements.

    With --json, one CloudEvent a line. The last line's id is what to give as --after next time.

    Examples: registry feed; registry feed --after 120 --json; registry feed --follow
    """
    node = node_of(context)
    node.views()
    if not follow:
        notices = feed.read(node.views(), node.settings.member, after, limit)
        _show(node, notices, as_json=as_json)
        if not notices and not as_json:
            say("nothing new")
        return
    with stopping() as stop, views.connect(node.dsn()) as connection:
        feed.listen(connection)
        while not stop.is_set():
            after = _show_all(node, after, stop, as_json=as_json)
            feed.wait(connection, 1.0)


def _show_all(node: Node, after: int, stop: threading.Event, *, as_json: bool) -> int:
    while not stop.is_set() and (notices := feed.read(node.views(), node.settings.member, after, _PAGE)):
        _show(node, notices, as_json=as_json)
        after = notices[-1].id
    return after


def _show(node: Node, notices: list[feed.Notice], *, as_json: bool) -> None:
    if as_json:
        for notice in notices:
            event = feed.cloud_event(notice, node.settings.origin)
            sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
        sys.stdout.flush()
    elif notices:
        table(
            ["id", "when", "what", "about", "by", "leaf"],
            [
                [
                    n.id,
                    n.at.strftime("%Y-%m-%d %H:%M"),
                    n.kind,
                    n.thing,
                    n.cause_member,
                    n.leaf if n.cause_member else "",
                ]
                for n in notices
            ],
        )
