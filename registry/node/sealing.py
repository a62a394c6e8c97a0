"""Status seals of this node: when one is due, and what it says."""

from datetime import UTC, datetime

import msgspec

from projections.core import positions
from projections.fold import seals
from registry.node.node import Node
from registry.wire.credentials import StatusSealed


def make_seal(node: Node) -> StatusSealed:
    """Store a seal of all that the views have of this node's own log."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    size = position.tree.size if position is not None else 0
    made = StatusSealed(size, *seals.sealed_root(node.views(), member, size))
    node.registry.credentials.seal_statuses(made)
    return made


def seal_is_due(node: Node, hours: int = 24) -> bool:
    """Whether a day has passed since the newest seal, and something was published since."""
    member = node.settings.member
    position = positions.all_positions(node.views()).get(member)
    found = seals.newest(node.views(), member)
    if position is None or (found is not None and position.tree.size <= found.leaf + 1):
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
