"""Commands for webhooks, which post this university's feed to its own systems."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of, open_service
from registry.cli.output import AsCsv, AsJson, Wide, errors, plain, print_json, say
from registry.node.adapters.webhooks import dispatcher, open_webhooks
from registry.node.services.signals import stop_on_signals
from registry.node.services.webhooks import run_webhooks

app = typer.Typer(help="Post this university's feed to its own systems.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="The webhook's id, as `registry webhook list` shows it.")]


def add_to(main: typer.Typer) -> None:
    """Add these commands."""
    main.add_typer(app, name="webhook")


def _now() -> datetime:
    return datetime.now(UTC)


@app.command("add")
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to post to: https://HOST/PATH.")],
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this kind of notice, for example credential.impaired or credential.*; several times for more."
        ),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Post also the notices that the feed has already.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Post the feed to an address. Its secret is shown now and never again.

    Example: registry webhook add https://sis.twente.example/hooks/registry --kind 'credential.*'
    """
    with open_webhooks(node_of(context)) as webhooks:
        endpoint, secret = webhooks.endpoints.add(
            url, kind or [], cursor=0 if from_start else webhooks.source.newest(), now=_now()
        )
    if as_json:
        print_json({"webhook": endpoint.endpoint, "url": endpoint.url, "secret": secret})
        return
    say(f"webhook {endpoint.endpoint} posts to {endpoint.url}")
    say(f"its secret, for the system that verifies the signatures: {secret}")


@app.command("list")
def list_(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List the webhooks, with what was delivered and what is waiting.

    Example: registry webhook list
    """
    with open_webhooks(node_of(context)) as webhooks:
        endpoints = webhooks.endpoints.all()
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
    print_list([_row(endpoint) for endpoint in endpoints], columns, as_json=as_json, as_csv=as_csv, wide=wide)


def _row(item: object) -> dict[str, Any]:
    """Return an endpoint or a delivery with its id under `webhook`, the word that people use for it."""
    values = plain(item)
    return {"webhook": values.pop("endpoint"), **values}


def _state(item: dict[str, Any]) -> str:
    if not item["enabled"]:
        return f"disabled: {item['disabled_for']}"
    return "down" if item["failures"] else "enabled"


@app.command("disable")
def disable(context: typer.Context, webhook: Which) -> None:
    """Post nothing to a webhook until it is enabled again; nothing is lost meanwhile.

    Example: registry webhook disable 0b7c…
    """
    with open_webhooks(node_of(context)) as webhooks:
        webhooks.endpoints.disable(webhook, "by command")
    say(f"webhook {webhook} is disabled")


@app.command("enable")
def enable(context: typer.Context, webhook: Which) -> None:
    """Post to a webhook again, from where it was disabled.

    Example: registry webhook enable 0b7c…
    """
    with open_webhooks(node_of(context)) as webhooks:
        webhooks.endpoints.enable(webhook)
    say(f"webhook {webhook} is enabled")


@app.command("remove")
def remove(context: typer.Context, webhook: Which) -> None:
    """Remove a webhook, and what waits to be posted to it.

    Example: registry webhook remove 0b7c…
    """
    with open_webhooks(node_of(context)) as webhooks:
        webhooks.endpoints.remove(webhook)
    say(f"webhook {webhook} is removed")


@app.command("rotate")
def rotate(context: typer.Context, webhook: Which, *, as_json: AsJson = False) -> None:
    """Make a new secret, and show it once. For 24 hours messages are signed with both.

    Example: registry webhook rotate 0b7c…
    """
    with open_webhooks(node_of(context)) as webhooks:
        secret = webhooks.endpoints.rotate(webhook, _now())
    if as_json:
        print_json({"webhook": webhook, "secret": secret})
    else:
        say(f"the new secret: {secret}")


@app.command("test")
def try_out(context: typer.Context, webhook: Which, *, as_json: AsJson = False) -> None:
    """Post a test message, once and now. Exit code 1 if it does not arrive.

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
    """List the deliveries that were given up after days of trying.

    Example: registry webhook dead
    """
    with open_webhooks(node_of(context)) as webhooks:
        dead_deliveries = webhooks.deliveries.list_dead(webhook)
    columns = [
        Column("webhook", lambda item: item["webhook"]),
        Column("notice", lambda item: item["number"]),
        Column("type", lambda item: item["type"]),
        Column("given up", lambda item: f"{item['dead']:%Y-%m-%d %H:%M}"),
        Column("attempts", lambda item: item["attempts"]),
        Column("last error", lambda item: item["error"]),
    ]
    print_list([_row(delivery) for delivery in dead_deliveries], columns, as_json=as_json, as_csv=as_csv, wide=wide)


@app.command("redeliver")
def redeliver(
    context: typer.Context,
    webhook: Which,
    *,
    notice: Annotated[
        list[int] | None,
        typer.Option(help="This notice of the feed, whether it was delivered or not; several times for more."),
    ] = None,
) -> None:
    """Post again the deliveries that were given up, or the notices that are named.

    Examples: registry webhook redeliver 0b7c…; registry webhook redeliver 0b7c… --notice 120
    """
    with open_webhooks(node_of(context)) as webhooks:
        webhooks.endpoints.get(webhook)
        if notice:
            for number in notice:
                webhooks.deliveries.redeliver(webhook, webhooks.source, number, _now())
            say(f"{len(notice):,} notices wait to be posted again")
            return
        say(f"{webhooks.deliveries.redeliver_dead(webhook, _now()):,} that were given up wait to be posted again")


@app.command("run")
def run(context: typer.Context) -> None:
    """Post until stopped; `registry run` does it, too.

    Example: registry webhook run
    """
    node = open_service(context)
    with open_webhooks(node):
        posting = dispatcher(node)
    with stop_on_signals() as stop:
        errors.print("webhooks are posted; Ctrl-C ends it", markup=False)
        run_webhooks(posting, node.settings.home, stop)
