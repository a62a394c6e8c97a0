"""The recognition office of a node, and what it looks up in the views."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from registry.node.adapters.credential_lookup import PostgresCredentialLookup
from registry.node.node import Node, open_node
from registry.office.cases.service import Office

if TYPE_CHECKING:  # a command need not load the server
    from projections.api.reading import Views


def office_of(node: Node) -> Office:
    """Return the office of a node, for one command."""
    return Office(node.registry, node.settings.office, lookup_of(node))


def lookup_of(node: Node) -> PostgresCredentialLookup:
    """Return the lookup of credentials for one command."""
    return PostgresCredentialLookup(
        lambda: nullcontext(node.views()), node.governance_follower, node.governance, node.settings.origin
    )


def served_lookup(node: Node, views: "Views") -> PostgresCredentialLookup:
    """Return the lookup of credentials for requests over HTTP: it reads the views as other requests do."""

    @contextmanager
    def reading() -> Iterator[Connection]:
        with views.snapshot() as moment:
            yield moment.connection

    def governance() -> GovernanceFold:
        with open_node(node.settings.home) as another:  # a log of its own: threads don't share one
            return another.governance()

    return PostgresCredentialLookup(reading, node.governance_follower, governance, node.settings.origin)
