"""Governance's data about this node's university."""

from registry.log.errors import LogError
from registry.node.node import Node
from registry.wire.governance import MemberRevised


def own_content(node: Node) -> MemberRevised | None:
    """Return governance's data about this node's university; None if this node does not know it."""
    try:
        record = node.governance_follower.record(node.settings.member)
    except LogError:  # only notes depend on this; whether the university may issue is checked elsewhere
        return None
    return None if record is None else record.content
