"""The status of a node: its health, the position of its views in each stream, and its settings."""

from typing import Any

import msgspec
from psycopg import Connection

from consumers.streams import quarantine
from consumers.streams.beginning import bounded_records
from consumers.streams.stream import claimed_size
from consumers.streams.verifier import MemberTrust, Trust, Verifier
from projections.core.building import read_progress
from projections.core.positions import GOVERNANCE, Position, all_positions
from registry.log import LogError, NoSuchStream
from registry.node.cosigning import explain_unmet_policy
from registry.node.health import last_error
from registry.node.health.health import NodeHealth, check_node
from registry.node.health.last_error import LastError
from registry.node.node import Node
from registry.publishing.commit_store import newest_published_at


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The position of the views in one stream."""

    member: str
    size: int
    """Events in the views."""
    lag: int | None
    """Valid events on the log that the views have not read yet; None where that is unknown."""
    governance: int | None
    """The number of governance's entries that they were folded under."""
    refused_at_end: int
    """Commits after the last valid one that nobody accepts."""
    unwitnessed: str | None
    """The reason why the node's policy on witnesses is not met; None where it is, or where there is none."""


class BuildStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a build of new views."""

    events: int
    total: int
    """Events on the log when it began."""
    seconds_left: float | None
    """At the rate of before; None while that is not known."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The whole status, as `registry status --json` prints it."""

    ok: bool
    """True if nothing is wrong with this node. A lag alone is not a fault: the views may be a moment behind.

    Records on another member's stream that do not count are shown, and are not its fault: anybody can append.
    """
    error: str | None
    """The reason why the log cannot be read; None where it can."""
    node: NodeHealth
    last_published: str | None
    """When the newest published event was stored (RFC 3339)."""
    streams: list[StreamStatus]
    quarantined: int
    """Quarantined records of all streams, those that are dealt with included."""
    last_error: LastError | None
    build: BuildStatus | None
    """The build of new views that runs now; None if there is none."""
    settings: dict[str, Any]


def read_status(node: Node) -> Status:
    """Read the status of a node. Asks for no passphrase and changes nothing."""
    connection = node.views()
    health = check_node(node, connection)
    streams = _streams(node, connection, health)
    return Status(
        ok=not health.faults,
        error="; ".join(health.faults["log"]) if health.log_away else None,
        node=health,
        last_published=newest_published_at(connection),
        streams=streams,
        quarantined=len(quarantine.list_quarantined(connection)),
        last_error=last_error.read(node.settings.home),
        build=_read_build(connection),
        settings=node.shown_settings(),
    )


def _read_build(connection: Connection) -> BuildStatus | None:
    progress = read_progress(connection)
    if progress is None:
        return None
    return BuildStatus(events=progress.events, total=progress.total, seconds_left=progress.seconds_left)


def _streams(node: Node, connection: Connection, health: NodeHealth) -> list[StreamStatus]:
    positions = all_positions(connection)
    refused = quarantine.count_refused_at_end(connection)
    return [
        StreamStatus(
            member=member,
            size=positions[member].tree.size if member in positions else 0,
            lag=None if "log" in health.faults else _lag(node, member, positions.get(member) or Position(member)),
            governance=positions[member].governance if member in positions else None,
            refused_at_end=refused.get(member, 0),
            unwitnessed=explain_unmet_policy(node, member, positions[member].tree.size if member in positions else 0),
        )
        for member in sorted({GOVERNANCE, *positions})
    ]


def _lag(node: Node, member: str, position: Position) -> int | None:
    """Return how many events the newest valid head has beyond the views; if that is much, as the log's records claim.

    None if that cannot be determined.
    """
    fold = node.governance_follower.fold()
    if member == GOVERNANCE:
        return max(0, fold.size - position.tree.size)
    record = fold.state.members.get(member)
    if record is None:
        return None
    trust: Trust = MemberTrust(node.settings.consortium, record)
    verifier = Verifier(trust, position.tree)
    log, at = node.log(), position.next
    try:
        for each in bounded_records(log.records(member, position.next)):
            verifier.judge(each.data)
            at = each.next
        size = verifier.tree.size
        if at < log.end(member):  # more than is verified here: the records themselves claim how much
            size = max(size, claimed_size(log, member))
    except NoSuchStream:
        return 0  # admitted, and has published nothing yet
    except LogError:
        return None
    return size - position.tree.size
