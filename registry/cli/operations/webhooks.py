"""Webhooks: this university's feed, posted to its own systems."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import psycopg
import typer

from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, plain, print_json, say
from registry.log import GOVERNANCE
from registry.node.adapters.webhooks import FeedSource, addresses, dispatcher
from registry.node.node import Node
from registry.node.services.signals import stop_on_signals
from registry.node.services.webhooks import run_webhooks
from registry.settings.settings import SettingsError
from registry.webhooks import Deliveries, Endpoints, Schedule

app = typer.Typer(help="Post this university's feed to its own systems.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="The webhook's id, as `registry webhook list` shows it.")]


def add_to(main: typer.Typer) -> None:
    """Add these commands."""
    main.add_typer(app, name="webhook")


@contextlib.contextmanager
def _opened(node: Node) -> Iterator[tuple[Endpoints, Deliveries, FeedSource]]:
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues nothing: it has no feed and no webhooks")
    node.views()
    vault = node.registry.vault
    source = FeedSource(node.dsn(), node.settings.member, node.settings.origin)
    with contextlib.closing(source), psycopg.connect(node.dsn(), autocommit=True) as connection:
        yield Endpoints(connection, vault, addresses(node)), Deliveries(connection, Schedule()), source


def _now() -> datetime:
    return datetime.now(UTC)


@app.command("add")
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to post to: https://HOST/PATH.")],
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind of notice, as credential.impaired or credential.*; again for more."),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Post also what the feed holds already, not only what comes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Post the feed to an address. Its secret is shown now and never again.

    Example: registry webhook add https://sis.twente.example/hooks/registry --kind 'credential.*'
    """
    with _opened(node_of(context)) as (endpoints, _, source):
        endpoint, secret = endpoints.add(url, kind or [], cursor=0 if from_start else source.newest(), now=_now())
    if as_json:
        print_json({"webhook": endpoint.endpoint, "url": endpoint.url, "secret": secret})
        return
    say(f"webhook {endpoint.endpoint} posts to {endpoint.url}")
    say(f"its secret, for whoever verifies the signatures: {secret}")


@app.command("list")
def list_(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """The webhooks, and how they fare.

    Example: registry webhook list
    """
    with _opened(node_of(context)) as (endpoints, _, _source):
        found = endpoints.all()
    columns = [
        Column("webhook", lambda item: item["webhook"]),
        Column("url", lambda item: item["url"]),
        Column("kinds", lambda item: item["kinds"] or "all"),
        Column("state", _state),
        Column("delivered", lambda item: item["delivered"]),
        Column("waiting", lambda item: item["waiting"]),
        Column("dead", lambda item: item["dead"]),
        Column("last error", lambda item: item["last_error"] if item["failures"] else None),
    ]
    print_list([_named(each) for each in found], columns, as_json=as_json, as_csv=as_csv, wide=wide)


def _named(item: object) -> dict[str, Any]:
    """An endpoint or a delivery with its webhook's id under the word that people use for it."""
    values = plain(item)
    return {"webhook": values.pop("endpoint"), **values}


def _state(item: dict[str, Any]) -> str:
    if not item["enabled"]:
        return f"disabled: {item['disabled_for']}"
    return "down" if item["failures"] else "enabled"


@app.command("disable")
def disable(context: typer.Context, webhook: Which) -> None:
    """Post nothing to it until it is enabled again; nothing is lost meanwhile.

    Example: registry webhook disable 0b7c…
    """
    with _opened(node_of(context)) as (endpoints, _, _source):
        endpoints.disable(webhook, "by command")
    say(f"webhook {webhook} is disabled")


@app.command("enable")
def enable(context: typer.Context, webhook: Which) -> None:
    """Post to it again, from where it was left.

    Example: registry webhook enable 0b7c…
    """
    with _opened(node_of(context)) as (endpoints, _, _source):
        endpoints.enable(webhook)
    say(f"webhook {webhook} is enabled")


@app.command("remove")
def remove(context: typer.Context, webhook: Which) -> None:
    """Forget a webhook, and what waits for it.

    Example: registry webhook remove 0b7c…
    """
    with _opened(node_of(context)) as (endpoints, _, _source):
        endpoints.remove(webhook)
    say(f"webhook {webhook} is removed")


@app.command("rotate")
def rotate(context: typer.Context, webhook: Which, *, as_json: AsJson = False) -> None:
    """A new secret, shown once. For 24 hours messages are signed with both.

    Example: registry webhook rotate 0b7c…
    """
    with _opened(node_of(context)) as (endpoints, _, _source):
        secret = endpoints.rotate(webhook, _now())
    if as_json:
        print_json({"webhook": webhook, "secret": secret})
    else:
        say(f"the new secret: {secret}")


@app.command("test")
def try_out(context: typer.Context, webhook: Which, *, as_json: AsJson = False) -> None:
    """Post a message that says nothing but that it arrives, now and once. Exit code 1 where it does not.

    Example: registry webhook test 0b7c…
    """
    node = node_of(context)
    node.views()
    answer = dispatcher(node).test(webhook, node.settings.origin)
    if as_json:
        print_json({"delivered": answer.delivered, "why": answer.why})
    else:
        say("it arrived" if answer.delivered else f"it did not arrive: {answer.why}")
    if not answer.delivered:
        raise typer.Exit(1)


@app.command("dead")
def dead(
    context: typer.Context,
    webhook: Annotated[str | None, typer.Argument(help="Of one webhook only.")] = None,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """What was given up after days of trying.

    Example: registry webhook dead
    """
    with _opened(node_of(context)) as (_, deliveries, _source):
        found = deliveries.list_dead(webhook)
    columns = [
        Column("webhook", lambda item: item["webhook"]),
        Column("notice", lambda item: item["number"]),
        Column("type", lambda item: item["type"]),
        Column("given up", lambda item: f"{item['dead']:%Y-%m-%d %H:%M}"),
        Column("attempts", lambda item: item["attempts"]),
        Column("last error", lambda item: item["error"]),
    ]
    print_list([_named(each) for each in found], columns, as_json=as_json, as_csv=as_csv, wide=wide)


@app.command("redeliver")
def redeliver(
    context: typer.Context,
    webhook: Which,
    *,
    notice: Annotated[
        list[int] | None, typer.Option(help="This notice of the feed, whether it was delivered or not; again for more.")
    ] = None,
) -> None:
    """Post again what was given up, or the notices that are named.

    Examples: registry webhook redeliver 0b7c…; registry webhook redeliver 0b7c… --notice 120
    """
    with _opened(node_of(context)) as (endpoints, deliveries, source):
        endpoints.get(webhook)
        if notice:
            for number in notice:
                deliveries.redeliver(webhook, source, number, _now())
            say(f"{len(notice):,} notices wait to be posted again")
            return
        say(f"{deliveries.redeliver_dead(webhook, _now()):,} that were given up wait to be posted again")


@app.command("run")
def run(context: typer.Context) -> None:
    """Post until stopped; `registry run` does it beside publishing and projecting.

    Example: registry webhook run
    """
    node = node_of(context)
    with _opened(node):
        made = dispatcher(node)
    with stop_on_signals() as stop:
        errors.print("webhooks are posted; Ctrl-C ends it", markup=False)
        run_webhooks(made, node.settings.home, stop)
