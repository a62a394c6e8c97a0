"""Verification of documents by a serving node, for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from psycopg import Connection

from projections.api.reading import Views
from registry.node.adapters.document_lookups import GovernedMembers, NodeLog, UnreadLists
from registry.node.adapters.issuer_keys import NoKeys
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.verification.lookups import MAX_LAG, Ports
from registry.verification.verifier import VerificationReport, verify_document


def verify_served(node: Node, views: Views, watch: HealthWatch, content: bytes) -> VerificationReport:
    """Return the report on a document. Threads may call this at once."""
    standings = node.governance_follower

    @contextmanager
    def snapshot() -> Iterator[Connection]:
        with views.snapshot() as moment:
            yield moment.connection

    log = NodeLog(
        standings.fold,
        node.policy(),
        views=snapshot,
        standing=views.standing,
        is_current=lambda _, member: datetime.now(UTC) - watch.last_read(member) <= MAX_LAG,
    )
    ports = Ports(
        keys=NoKeys(), members=GovernedMembers(standings.fold), log=log, statuses=UnreadLists(), at=datetime.now(UTC)
    )
    return verify_document(content, ports)
