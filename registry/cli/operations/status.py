"""`registry status`: how the node is. What is wrong comes first, the settings last."""

from typing import Any

import msgspec
import typer
from psycopg import Connection

from consumers.streams import quarantine
from consumers.streams.beginning import bounded_records
from consumers.streams.stream import claimed_size
from consumers.streams.verifier import MemberTrust, Trust, Verifier
from projections.core.positions import GOVERNANCE, Position, all_positions
from registry.cli.opening import node_of
from registry.cli.output import AsJson, counted, print_json, say, table
from registry.log import LogError, NoSuchStream
from registry.node.cosigning import explain_unmet_policy
from registry.node.health import last_error
from registry.node.health.health import NodeHealth, check_node
from registry.node.health.last_error import LastError
from registry.node.letter_settings import missing_settings
from registry.node.node import Node


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far the views have come in one stream."""

    member: str
    size: int
    """Events in the views."""
    lag: int | None
    """Valid events on the log that the views have not read yet; None where that cannot be told."""
    governance: int | None
    """How many entries of governance they were folded under."""
    refused_at_end: int
    """Commits after the last valid one that nobody accepts."""
    unwitnessed: str | None
    """Why the node's policy on witnesses is not met; None where it is, or where there is none."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `registry status --json` prints."""

    ok: bool
    """Whether nothing is wrong with this node. A lag alone is no fault: the views may be a moment behind.

    Records on another member's stream that do not count are shown, and are no fault of this node: anybody can append.
    """
    error: str | None
    """Why the log cannot be read; None where it can."""
    node: NodeHealth
    last_published: str | None
    """When the newest published event was stored (RFC 3339)."""
    streams: list[StreamStatus]
    quarantined: int
    """Quarantined records of all streams, those that are dealt with included."""
    last_error: LastError | None
    settings: dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("status")(status)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how the node is: what did not count, its standing and key, each stream, and the settings.

    Asks for no passphrase and changes nothing. Exits 1 if something is wrong, 4 if the log or the database is away.

    Example: registry status
    """
    node = node_of(context)
    found = _status(node)
    if as_json:
        print_json(found)
    else:
        _show(found)
        if "recogniser" in found.node.roles:
            for lacking in missing_settings(node.settings):
                say(f"note: {lacking}")
    if found.node.log_away:
        raise typer.Exit(4)
    if not found.ok:
        raise typer.Exit(1)


def _status(node: Node) -> Status:
    connection = node.views()
    health = check_node(node, connection)
    streams = _streams(node, connection, health)
    return Status(
        ok=not health.faults,
        error="; ".join(health.faults["log"]) if health.log_away else None,
        node=health,
        last_published=_last_published(connection),
        streams=streams,
        quarantined=len(quarantine.list_quarantined(connection)),
        last_error=last_error.read(node.settings.home),
        settings=node.shown_settings(),
    )


def _streams(node: Node, connection: Connection, health: NodeHealth) -> list[StreamStatus]:
    known = all_positions(connection)
    refused = _refused_at_end(connection)
    return [
        StreamStatus(
            member=member,
            size=known[member].tree.size if member in known else 0,
            lag=None if "log" in health.faults else _lag(node, member, known.get(member) or Position(member)),
            governance=known[member].governance if member in known else None,
            refused_at_end=refused.get(member, 0),
            unwitnessed=explain_unmet_policy(node, member, known[member].tree.size if member in known else 0),
        )
        for member in sorted({GOVERNANCE, *known})
    ]


def _lag(node: Node, member: str, position: Position) -> int | None:
    """How many events the newest valid head has beyond the views; where that is much, as the log's records claim."""
    fold = node.governance_follower.fold()
    if member == GOVERNANCE:
        return max(0, fold.size - position.tree.size)
    record = fold.state.members.get(member)
    if record is None:
        return None
    trust: Trust = MemberTrust(f"{node.settings.consortium}/{member}", record)
    verifier = Verifier(trust, position.tree)
    log, at = node.log(), position.next
    try:
        for each in bounded_records(log.records(member, position.next)):
            verifier.judge(each.data)
            at = each.next
        size = verifier.tree.size
        if at < log.end(member):  # there is more than is verified for this; the records themselves say how much
            size = max(size, claimed_size(log, member))
    except NoSuchStream:
        return 0  # admitted, and has published nothing yet
    except LogError:
        return None
    return size - position.tree.size


def _refused_at_end(connection: Connection) -> dict[str, int]:
    """Commits beyond the end of each stream's tree that nobody accepts."""
    rows = connection.execute(
        "SELECT member, count(*) FROM quarantine JOIN positions USING (member)"
        " WHERE quarantine.size > positions.size GROUP BY member"
    )
    return {member: count for member, count in rows}  # noqa: C416 - pairs of two types


def _last_published(connection: Connection) -> str | None:
    row = connection.execute(
        "SELECT to_regclass('publisher.commits'), to_regclass('public.registry_events')"
    ).fetchone()
    if row is None or None in row:
        return None
    newest = connection.execute(
        "SELECT state FROM public.registry_events WHERE notification_id ="
        " (SELECT max(last) FROM publisher.commits WHERE next IS NOT NULL)"
    ).fetchone()
    return None if newest is None else msgspec.json.decode(newest[0])["timestamp"]


_KEYS = {
    "counts": "counts",
    "retired": "was retired",
    "not-yet": "does not count yet",
    "unknown": "is none that governance knows",
    "unreadable": "cannot be read",
    "not-checked": "not checked",
}


def _show(found: Status) -> None:
    node = found.node
    for sentence in node.sentences:
        say(sentence, style="red")
    for stream in found.streams:
        if stream.refused_at_end and stream.member != node.member:
            commits = counted(stream.refused_at_end, "commit")
            say(
                f"{stream.member}: the last {commits} on its log did not count (`registry log quarantine list`)",
                style="yellow",
            )
    for warning in node.warnings:
        say(warning, style="yellow")
    if found.ok:
        say("Nothing is wrong.")
    if behind := sum(stream.lag or 0 for stream in found.streams):
        say(
            f"The views are {counted(behind, 'event')} behind the log: `registry views update` brings them up,"
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
            f"{counted(node.waiting, 'stored event')} waiting" if node.waiting else "all stored events are published"
        )
        if node.held:
            waiting += f", {node.held:,} of them held back"
        say(f"{waiting}; the newest published event is of {found.last_published or '-'}")
    say("")
    table(
        ("stream", "events in the views", "events behind the log"),
        [(s.member, f"{s.size:,}", "?" if s.lag is None else f"{s.lag:,}") for s in found.streams],
    )
    for stream in found.streams:
        if stream.unwitnessed:
            say(f"{stream.member}: {stream.unwitnessed}", style="yellow")
    say(counted(found.quarantined, "quarantined record"))
    if found.last_error is not None:
        say(f"last error, {found.last_error.time}, {found.last_error.work}: {found.last_error.error}")
    say("")
    table(("setting", "value"), _flat(found.settings))
    say(f"version {node.version}")


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
