"""Earlier moments of the log, from this node's log, views and cosigned heads."""

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
    """Return the moment at which streams had these sizes. Raises `UnknownMoment`."""
    settings = node.settings
    return moment.at_sizes(node.log(), settings.consortium, settings.founded_hash, _current_sizes(connection), sizes)


def at_time(node: Node, connection: Connection, time: datetime) -> Moment:
    """Return the moment at a time: by the heads that witnesses had cosigned, else by the members' own times."""
    consortium, cosignatures = node.settings.consortium, node.cosignatures()
    return moment.at_time(
        node.log(),
        consortium,
        node.settings.founded_hash,
        _current_sizes(connection),
        time,
        lambda stream, until: cosignatures.sizes_by(origin_of(consortium, stream), until),
    )


def _current_sizes(connection: Connection) -> dict[str, int]:
    return {name: position.tree.size for name, position in positions.all_positions(connection).items()}


def past(
    node: Node, then: Moment, connection: Connection | None = None, governance: GovernanceFold | None = None
) -> Past:
    """Return the reader of the past at a moment, on these views (else the node's) and governance as it is now."""
    fold = governance or node.governance()

    def replay_stream(
        member: str, size: int, record: MemberRecord, subjects: frozenset[str], learner: str | None
    ) -> Replayed:
        now = fold.state.members[member]
        return replay(node.log(), node.settings.consortium, now, size, record, subjects, learner)

    return Past(connection or node.views(), then, fold.state, replay_stream)
