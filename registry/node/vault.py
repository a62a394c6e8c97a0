"""The vault of this node: a new master key, and the erasure of learners whom a restored backup brought back."""

from projections.records.learners import list_erased
from registry.learners.erasure import forget_erased
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.vault.key_replacement import locked_keys


def rotate_master_key(node: Node) -> None:
    """Replace the master key while no other process changes the learners' keys."""
    registry = node.registry
    with registry.connection.transaction(), registry.connection.cursor() as cursor, locked_keys(cursor):
        node.keystore.rotate_master()


def erase_again(node: Node) -> int:
    """Delete the vault's data of learners who are erased on the log; return how many there were."""
    erased = list_erased(node.views(), node.settings.member)
    return forget_erased(node.registry, open_batch_store(node), erased)
