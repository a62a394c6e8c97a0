"""`registry status`: the health of the node. Faults come first, the settings last."""

from typing import Any

import typer

from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say, table
from registry.log import GOVERNANCE
from registry.node.health.status import Status, read_status
from registry.node.letter_settings import missing_settings
from registry.values.plural import plural


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("status")(show_status)


def show_status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how the node is: what did not count, its standing and key, each stream, and the settings.

    Asks for no passphrase and changes nothing. Exits 1 if something is wrong, 4 if the log or the database is away.
    `registry doctor` examines more.

    Example: registry status
    """
    node = node_of(context)
    status = read_status(node)
    if as_json:
        print_json(status)
    else:
        _show(status)
        if "recogniser" in status.node.roles:
            for sentence in missing_settings(node.settings):
                say(f"note: {sentence}")
    if status.node.log_away:
        raise typer.Exit(4)
    if not status.ok:
        raise typer.Exit(1)


_KEYS = {
    "counts": "counts",
    "retired": "was retired",
    "not-yet": "does not count yet",
    "unknown": "is none that governance knows",
    "unreadable": "cannot be read",
    "not-checked": "not checked",
}


def _show(status: Status) -> None:
    node = status.node
    for sentence in node.sentences:
        say(sentence, style="red")
    for stream in status.streams:
        if stream.refused_at_end and stream.member != node.member:
            commits = plural(stream.refused_at_end, "commit")
            say(
                f"{stream.member}: the last {commits} on its log did not count (`registry log quarantine list`)",
                style="yellow",
            )
    for warning in node.warnings:
        say(warning, style="yellow")
    if status.ok:
        say("Nothing is wrong.")
    if behind := sum(stream.lag or 0 for stream in status.streams):
        say(
            f"The views are {plural(behind, 'event')} behind the log: `registry views update` brings them up,"
            " `registry run` keeps them up.",
            style="yellow",
        )
    if node.member != GOVERNANCE:
        roles = ", ".join(node.roles) or "no roles"
        say(
            f"{node.member}: {node.standing or 'not admitted'}, {roles};"
            f" key {node.key or '?'}: {_KEYS[node.key_standing]}"
        )
        waiting = (
            f"{plural(node.waiting, 'stored event')} waiting" if node.waiting else "all stored events are published"
        )
        if node.held:
            waiting += f", {node.held:,} of them held back"
        say(f"{waiting}; the newest published event is of {status.last_published or '-'}")
    say("")
    table(
        ("stream", "events in the views", "events behind the log"),
        [(s.member, f"{s.size:,}", "?" if s.lag is None else f"{s.lag:,}") for s in status.streams],
    )
    for stream in status.streams:
        if stream.unwitnessed:
            say(f"{stream.member}: {stream.unwitnessed}", style="yellow")
    say(plural(status.quarantined, "quarantined record"))
    if status.last_error is not None:
        say(f"last error, {status.last_error.time}, {status.last_error.work}: {status.last_error.error}")
    if status.build is not None:
        left = "" if status.build.seconds_left is None else f", about {status.build.seconds_left:,.0f} seconds left"
        say(f"New views are being built: {status.build.events:,} of {plural(status.build.total, 'event')}{left}")
    say("")
    table(("setting", "value"), _flat(status.settings))
    say(f"version {node.version}; `registry doctor` examines the node further: files, clocks, database, backups, proxy")


def _flat(settings: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{above}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, each in enumerate(value, 1):
                rows += _flat(each, f"{above}{name} {number}.")
        else:
            rows.append((above + name, value if value != [] else "none"))
    return rows
