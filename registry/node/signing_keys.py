"""The signing keys of a member: the node's files, compared with governance."""

from typing import NamedTuple

from registry.keys.member_keys import NodeKey, list_node_keys
from registry.log import ForeignLog, LogError
from registry.node.ceremony import read_governance
from registry.node.node import Node


class SigningKeys(NamedTuple):
    """The keys of a member's node, and what governance says of them."""

    keys: list[NodeKey]
    admitted: bool
    """True if governance knows the member."""
    problem: str | None
    """The reason why governance cannot be read; None if it can."""


def read_signing_keys(node: Node) -> SigningKeys:
    """Return the keys of this node. Raises `ForeignLog` for another consortium's log, and `KeystoreError`."""
    record, problem = None, None
    try:
        record = read_governance(node).state.members.get(node.settings.member)
    except ForeignLog:
        raise
    except LogError as error:
        problem = str(error)
    return SigningKeys(list_node_keys(node.keystore, node.settings.origin, record), record is not None, problem)
