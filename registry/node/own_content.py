"""What governance says of this node's university."""

from registry.log.errors import LogError
from registry.node.node import Node
from registry.wire.governance import MemberRevised


def own_content(node: Node) -> MemberRevised | None:
    """Return what governance says of this node's university; None where that is not known here."""
    try:
        record = node.governance_follower.record(node.settings.member)
    except LogError:  # whether it may issue at all is checked elsewhere; here only a note is at stake
        return None
    return None if record is None else record.content
