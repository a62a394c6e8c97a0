"""Verification of documents by a serving node, for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from psycopg import Connection

from projections.api.reading import Views
from registry.node.adapters.document_fetch import open_public_fetch
from registry.node.adapters.document_fetch_limits import LimitedFetch
from registry.node.adapters.document_issuers import AnnouncedKeys, own_identifier, with_own_lists
from registry.node.adapters.document_lookups import GovernedMembers, NodeLog
from registry.node.adapters.document_ports import create_ports
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.verification.limits import VerificationLimits
from registry.verification.ports import MAX_LAG
from registry.verification.trust import Trust
from registry.verification.verifier import VerificationReport, verify_document


def verify_served(
    node: Node, views: Views, watch: HealthWatch, limits: VerificationLimits, content: bytes
) -> VerificationReport:
    """Return the report on a document. Threads may call this at once, each with a place on the processor."""
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
    announced = AnnouncedKeys(ViewsIssuingKeys(snapshot))
    fetch = with_own_lists(node, limits.leave_processor(LimitedFetch(open_public_fetch())))
    members = GovernedMembers(standings.fold, announced, own_identifier(node))
    ports = create_ports(members, log, fetch, announced, Trust())
    return verify_document(content, ports)
