"""Retention on this node: its rules enforced once a day, or tried."""

from datetime import UTC, datetime

from registry.node.node import Node
from registry.privacy.erased_bytes import Rewrite, is_rewrite_due, rewrite_tables
from registry.privacy.retention import OldRows, delete_old_rows, find_old_rows, is_due


def enforce_retention(node: Node) -> list[OldRows]:
    """Delete what the rules say; return what was deleted."""
    return delete_old_rows(node.registry.connection, node.registry.vault, node.settings.retention, datetime.now(UTC))


def try_retention(node: Node) -> list[OldRows]:
    """Return what the rules would delete now. Nothing is changed."""
    return find_old_rows(node.registry.connection, node.settings.retention, datetime.now(UTC))


def retention_is_due(node: Node) -> bool:
    """Return whether the rules were not enforced today (UTC) yet."""
    return is_due(node.registry.connection, datetime.now(UTC))


def rewrite_erased(node: Node) -> Rewrite:
    """Rewrite the tables now, so that the bytes of erased rows leave the database's files."""
    return rewrite_tables(node.dsn(), datetime.now(UTC))


def rewrite_is_due(node: Node) -> bool:
    """Return whether an erasure is as old as the rule `erased_bytes_days` says."""
    return is_rewrite_due(node.registry.connection, node.settings.retention.erased_bytes_days, datetime.now(UTC))
