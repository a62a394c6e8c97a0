"""An earlier moment of the log, from this node's log, views and cosigned heads."""

from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from consumers.history import moment
from consumers.streams.replay import replay
from projections.core import positions
from projections.records.as_of import Moment, Past, Replayed
from registry.log import origin_of
from registry.node.node import Node
from registry.rules.governance import MemberRecord


def at_sizes(node: Node, connection: Connection, sizes: Mapping[str, int]) -> Moment:
    """The moment at which streams had these sizes. Raises `UnknownMoment`."""
    settings = node.settings
    return moment.at_sizes(node.log(), settings.consortium, settings.founded_hash, _current(connection), sizes)


def at_time(node: Node, connection: Connection, time: datetime) -> Moment:
    """The moment at a time: by what witnesses had cosigned, otherwise as members say."""
    consortium, kept = node.settings.consortium, node.cosignatures()
    return moment.at_time(
        node.log(),
        consortium,
        node.settings.founded_hash,
        _current(connection),
        time,
        lambda stream, until: kept.sizes_by(origin_of(consortium, stream), until),
    )


def _current(connection: Connection) -> dict[str, int]:
    return {name: position.tree.size for name, position in positions.all_positions(connection).items()}


def past(
    node: Node, then: Moment, connection: Connection | None = None, governance: GovernanceFold | None = None
) -> Past:
    """Who answers as of a moment, from these views (else the node's) and governance as it is now."""
    fold = governance or node.governance()

    def again(member: str, size: int, record: MemberRecord, wanted: frozenset[str], learner: str | None) -> Replayed:
        now = fold.state.members[member]
        return replay(node.log(), node.settings.consortium, now, size, record, wanted, learner)

    return Past(connection or node.views(), then, fold.state, again)
