"""Status seals of this node: when one is due, and its content."""

from datetime import UTC, datetime

import msgspec

from projections.core import positions
from projections.fold import seals
from registry.node.node import Node
from registry.wire.credentials import StatusSealed


def make_seal(node: Node) -> StatusSealed:
    """Store a seal of the status of all credentials in the views of this node's own stream."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    size = position.tree.size if position is not None else 0
    seal = StatusSealed(size, *seals.sealed_root(node.views(), member, size))
    node.registry.credentials.seal_statuses(seal)
    return seal


def seal_is_due(node: Node, hours: int = 24) -> bool:
    """Return True if the newest seal is older than a day, and something was published since."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    newest = seals.newest(node.views(), member)
    if position is None or (newest is not None and position.tree.size <= newest.leaf + 1):
        return False
    row = (
        node.registry.cursor()
        .execute(
            "SELECT state FROM registry_events WHERE topic = 'registry.sealing.sealed'"
            " ORDER BY notification_id DESC LIMIT 1"
        )
        .fetchone()
    )
    if row is None:
        return True
    stamp = msgspec.json.decode(bytes(row["state"]))["timestamp"]
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds() >= hours * 3600
