"""Retention on this node: its rules enforced once a day, or tried."""

from datetime import UTC, datetime

from registry.node.node import Node
from registry.privacy.retention import OldRows, delete_old_rows, find_old_rows, is_due


def enforce_retention(node: Node) -> list[OldRows]:
    """Delete what the rules say; return what was deleted."""
    return delete_old_rows(node.registry.connection, node.settings.retention, datetime.now(UTC))


def try_retention(node: Node) -> list[OldRows]:
    """Return what the rules would delete now. Nothing is changed."""
    return find_old_rows(node.registry.connection, node.settings.retention, datetime.now(UTC))


def retention_is_due(node: Node) -> bool:
    """Return whether the rules were not enforced today (UTC) yet."""
    return is_due(node.registry.connection, datetime.now(UTC))
