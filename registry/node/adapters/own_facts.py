"""The state of the node's own stream, for the member resource of the API."""

from psycopg import Connection

from projections.api.members import OwnFacts
from registry.node.health.health import read_own_stream
from registry.node.services.health_watch import HealthWatch


def own_facts(member: str, watch: HealthWatch, connection: Connection) -> OwnFacts:
    """Return what of the node's own stream does not count, and whether its key counts."""
    stream, health = read_own_stream(connection, member), watch.health
    return OwnFacts(
        stream.refused_events,
        stream.quarantined_commits,
        stream.disputed_heads,
        "not-checked" if health is None else health.key_standing,
        [*watch.faults.get("database", ()), *stream.faults],
    )
